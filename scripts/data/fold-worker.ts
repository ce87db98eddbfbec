import { parentPort, workerData } from 'node:worker_threads'
import { type AblationFold, ablateFold } from '../../core/learning/ablation.ts'
import { generatedCaptures } from '../../core/learning/generated-captures.ts'
import { type FoldScore, leaveOut, readCapture } from '../../core/learning/leave-one-out.ts'
import { ABLATION_TREES, GENERATED_SEEDS, shippedOptions } from '../../core/learning/shipped-options.ts'
import type { Untrainable } from '../../core/learning/train.ts'
import type { Result } from '../../core/result.ts'
import { readCaptures } from './labelled-events.ts'

/** What a thread of leave-one-out.ts is told when it begins; then it is sent a FoldTask at a time. */
export interface FoldWorkerStart {
  data: string
  seed: number
}

/** A capture to leave out, and what to find out. */
export interface FoldTask {
  name: string
  find: 'score' | 'ablation'
}

export interface FoldAnswers {
  score: Result<FoldScore, Untrainable>
  ablation: AblationFold
}

const { data, seed }: FoldWorkerStart = workerData
const captures = (await readCaptures(data)).map(readCapture)
const generated = generatedCaptures(GENERATED_SEEDS).map(readCapture)
const options = shippedOptions(seed)

parentPort!.on('message', async ({ name, find }: FoldTask) => {
  const held = captures.find((capture) => capture.name === name)
  if (!held) throw new Error(`${data} has no capture ${name}`)
  if (find === 'score') parentPort!.postMessage(await leaveOut(held, captures, generated, options))
  else {
    const forest = { ...options.members.forest, trees: ABLATION_TREES }
    parentPort!.postMessage(ablateFold(held, captures, generated, { bins: options.members.bins, forest, seed }))
  }
})
