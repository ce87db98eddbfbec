import { parentPort, workerData } from 'node:worker_threads'
import { generatedCaptures } from '../../core/learning/generated-captures.ts'
import { type FoldScore, leaveOut, readCapture } from '../../core/learning/leave-one-out.ts'
import { GENERATED_SEEDS, shippedOptions } from '../../core/learning/shipped-options.ts'
import type { Untrainable } from '../../core/learning/train.ts'
import type { Result } from '../../core/result.ts'
import { readCaptures } from './labelled-events.ts'

/** What a thread of leave-one-out.ts is told when it begins; then it is sent a capture's name at a time. */
export interface FoldWorkerStart {
  data: string
  seed: number
}

export interface FoldAnswer {
  name: string
  score: Result<FoldScore, Untrainable>
}

const { data, seed }: FoldWorkerStart = workerData
const captures = (await readCaptures(data)).map(readCapture)
const generated = generatedCaptures(GENERATED_SEEDS).map(readCapture)
const options = shippedOptions(seed)

parentPort!.on('message', async (name: string) => {
  const held = captures.find((capture) => capture.name === name)
  if (!held) throw new Error(`${data} has no capture ${name}`)
  const answer: FoldAnswer = { name, score: await leaveOut(held, captures, generated, options) }
  parentPort!.postMessage(answer)
})
