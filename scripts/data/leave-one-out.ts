import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Report, report } from '../../core/learning/evaluate.ts'
import type { FoldScore } from '../../core/learning/leave-one-out.ts'
import type { FoldAnswer, FoldWorkerStart } from './fold-worker.ts'

/** Each thread holds all captures, some 700 MB. */
const MOST_THREADS = 4

/**
 * Leave-one-source-out figures over the named captures of `data`, a thread a core. The same in any order of the threads.
 * Throws what a thread throws, or why an ensemble could not be trained.
 */
export async function leaveOneSourceOut(
  names: readonly string[],
  start: FoldWorkerStart,
  onFold: (done: number) => void,
): Promise<Report> {
  const waiting = [...names]
  const scores = new Map<string, FoldScore>()
  const threads = Array.from({ length: Math.min(MOST_THREADS, availableParallelism(), names.length) }, async () => {
    const worker = new Worker(path.join(import.meta.dirname, 'fold-worker.ts'), { workerData: start })
    try {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const { score } = await askedOf(worker, name)
        if (!score.ok) throw new Error(score.error.why)
        scores.set(name, score.value)
        onFold(scores.size)
      }
    } finally {
      await worker.terminate()
    }
  })
  await Promise.all(threads)
  const inOrder = names.map((name) => scores.get(name)!)
  return report(
    inOrder.flatMap(({ windows }) => windows),
    inOrder.map(({ sources }) => sources),
  )
}

const askedOf = (worker: Worker, name: string): Promise<FoldAnswer> =>
  new Promise((resolve, reject) => {
    const failed = (reason: unknown) => reject(reason instanceof Error ? reason : new Error(String(reason)))
    worker.once('error', failed)
    worker.once('message', (answer: FoldAnswer) => {
      worker.off('error', failed)
      resolve(answer)
    })
    worker.postMessage(name)
  })
