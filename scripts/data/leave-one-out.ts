import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { type AblationRow, ablationTable } from '../../core/learning/ablation.ts'
import { type Report, report } from '../../core/learning/evaluate.ts'
import type { FoldScore } from '../../core/learning/leave-one-out.ts'
import type { FoldAnswers, FoldTask, FoldWorkerStart } from './fold-worker.ts'

/** Each thread holds all captures, some 700 MB. */
const MOST_THREADS = 4

/** Leave-one-source-out figures over the named captures of `data`. Throws why an ensemble could not be trained. */
export const leaveOneSourceOut = async (
  names: readonly string[],
  start: FoldWorkerStart,
  onFold: (done: number) => void,
): Promise<Report> => reportOf(await scoredFolds(names, start, onFold))

/** What the ensembles of leaveOneSourceOut made of each capture that they never saw. */
export async function scoredFolds(
  names: readonly string[],
  start: FoldWorkerStart,
  onFold: (done: number) => void,
): Promise<FoldScore[]> {
  return (await overFolds(names, 'score', start, onFold)).map((score): FoldScore => {
    if (!score.ok) throw new Error(score.error.why)
    return score.value
  })
}

export const reportOf = (scores: readonly FoldScore[]): Report =>
  report(
    scores.flatMap(({ windows }) => windows),
    scores.map(({ sources }) => sources),
  )

/** What each group of features is worth over the named captures of `data`. */
export const ablation = async (
  names: readonly string[],
  start: FoldWorkerStart,
  onFold: (done: number) => void,
): Promise<AblationRow[]> => ablationTable(await overFolds(names, 'ablation', start, onFold))

/** An answer a name, found by a thread a core; the same whichever thread finds it. Throws what a thread throws. */
async function overFolds<Find extends FoldTask['find']>(
  names: readonly string[],
  find: Find,
  start: FoldWorkerStart,
  onFold: (done: number) => void,
): Promise<FoldAnswers[Find][]> {
  const waiting = [...names]
  const answers = new Map<string, FoldAnswers[Find]>()
  const threads = Array.from({ length: Math.min(MOST_THREADS, availableParallelism(), names.length) }, async () => {
    const worker = new Worker(path.join(import.meta.dirname, 'fold-worker.ts'), { workerData: start })
    try {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        answers.set(name, await askedOf<FoldAnswers[Find]>(worker, { name, find }))
        onFold(answers.size)
      }
    } finally {
      await worker.terminate()
    }
  })
  await Promise.all(threads)
  return names.map((name) => answers.get(name)!)
}

const askedOf = <Answer>(worker: Worker, task: FoldTask): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const failed = (reason: unknown) => reject(reason instanceof Error ? reason : new Error(String(reason)))
    worker.once('error', failed)
    worker.once('message', (answer: Answer) => {
      worker.off('error', failed)
      resolve(answer)
    })
    worker.postMessage(task)
  })
