import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { FoldScore, ReadCapture } from '../../../core/learning/leave-one-out.ts'
import { keptFolds } from '../../../scripts/data/kept-folds.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-folds-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const capture = (name: string, events: number): ReadCapture => ({
  name,
  events: new Array(events),
  windows: [],
  trainedOn: [],
  counts: 1,
  calibrates: true,
})
const output = { probabilities: Float32Array.of(0.25, 0.75), anomaly: 0.5 }
const score = {
  windows: [{ rawSource: 'a', label: 3, prediction: { threatClass: 3, output } }],
  sources: { falseIncidents: 2 },
} as unknown as FoldScore

it('trains once and gives the same scores from then on', async () => {
  const file = path.join(folder, 'once.json')
  let trained = 0
  const train = async () => {
    trained++
    return [score]
  }
  const captures = [capture('a', 5)]
  expect(await keptFolds(file, captures, 1, train)).toEqual([score])
  const [kept] = await keptFolds(file, captures, 1, train)
  expect(trained).toBe(1)
  expect(kept!.windows[0]!.prediction.output.probabilities).toEqual([0.25, 0.75])
  expect(kept!.sources).toEqual(score.sources)
})

it('refuses a file of another seed or of other captures', async () => {
  const file = path.join(folder, 'other.json')
  const train = async () => [score]
  await keptFolds(file, [capture('a', 5)], 1, train)
  await expect(keptFolds(file, [capture('a', 5)], 2, train)).rejects.toThrow('another seed')
  await expect(keptFolds(file, [capture('a', 6)], 1, train)).rejects.toThrow('other data')
})
