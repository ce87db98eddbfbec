import type { z } from 'zod'
import { err, type Result } from '../../core/result.ts'
import type { EpochMs } from '../../core/time.ts'

/** How a service outside is reached. */
export interface HttpAccess {
  key: string
  timeoutMs: number
  fetch: typeof fetch
}

const MOST_WHY = 200

/** Words of a service or of the runtime for people: without the key, and bounded. */
export const withoutKey = (text: string, key: string): string => text.replaceAll(key, '…').slice(0, MOST_WHY)

/**
 * One request, and what `read` makes of its answer, body included, all within the time. No retry, and no redirect is followed:
 * it would carry the key elsewhere. Never throws for what the service or the network does.
 */
export async function exchange<Answer, Failure>(
  { fetch, timeoutMs, key }: HttpAccess,
  url: string,
  request: RequestInit,
  read: (response: Response) => Promise<Result<Answer, Failure>>,
): Promise<Result<Answer, Failure | { tag: 'timed-out' | 'not-reached'; why: string }>> {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), timeoutMs)
  try {
    return await read(await fetch(url, { ...request, redirect: 'manual', signal: patience.signal }))
  } catch (error) {
    if (patience.signal.aborted) return err({ tag: 'timed-out', why: `no answer in ${timeoutMs} ms` })
    return err({ tag: 'not-reached', why: withoutKey(messageOf(error), key) })
  } finally {
    clearTimeout(timer)
  }
}

/** What a status says that is no answer. `retryAfterMs` of a 429: what was asked to wait, null when it was not said. */
export type StatusFailure =
  | { tag: 'key-refused' | 'server-error' | 'unexpected-status'; status: number; why: string }
  | { tag: 'too-many-requests'; retryAfterMs: number | null; why: string }

export function statusFailure({ status, headers }: Response, now: EpochMs): StatusFailure {
  const why = `status ${status}`
  if (status === 401 || status === 403) return { tag: 'key-refused', status, why }
  if (status === 429)
    return { tag: 'too-many-requests', retryAfterMs: retryAfter(headers.get('Retry-After'), now), why }
  return { tag: status >= 500 ? 'server-error' : 'unexpected-status', status, why }
}

/** Where an answer is not of the documented form, in words. */
export function formFault({ issues: [issue] }: z.ZodError, key: string): string {
  return withoutKey(`${issue?.path.join('.') || 'answer'}: ${issue?.message ?? 'wrong'}`, key)
}

/** Retry-After (RFC 9110, 10.2.3): seconds or a date; milliseconds from now, null when absent or neither. */
export function retryAfter(header: string | null, now: EpochMs): number | null {
  const text = header?.trim() ?? ''
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  // Date.parse alone would read "5" and "tomorrow 2026" too.
  const date = /^[A-Z][a-z]{2,8}, .*GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
