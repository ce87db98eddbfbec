import type { DeadlineAfter } from '../../core/features/store/deadline.ts'

/**
 * Deadlines by the runtime's timers. A timer that fires late says that this thread was busy, not that the other side was
 * slow: its answer may lie in the socket, so it gets one more moment.
 */
export const deadlineAfter: DeadlineAfter = (ms) => {
  const controller = new AbortController()
  const dueAt = Date.now() + ms
  let timer = setTimeout(() => {
    if (Date.now() < dueAt + ms / 2) controller.abort()
    else timer = setTimeout(() => controller.abort(), ms / 2)
  }, ms)
  return { signal: controller.signal, over: () => clearTimeout(timer) }
}
