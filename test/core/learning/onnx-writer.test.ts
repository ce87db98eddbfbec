import { PbfReader } from 'pbf'
import { beforeAll, describe, expect, it } from 'vitest'
import { applyBins, findBins } from '../../../core/learning/binning.ts'
import { BOOSTING_DEFAULTS } from '../../../core/learning/boosting.ts'
import { type EnsembleModel, MEMBER_WEIGHTS } from '../../../core/learning/ensemble.ts'
import { FOREST_DEFAULTS, trainForest } from '../../../core/learning/forest.ts'
import { ISOLATION_DEFAULTS } from '../../../core/learning/isolation-forest.ts'
import { NETWORK_DEFAULTS, networkOf, startNetwork } from '../../../core/learning/network-training.ts'
import { readTrees } from '../../../core/learning/onnx-reader.ts'
import { writeOnnx } from '../../../core/learning/onnx-writer.ts'
import { madeData } from './made-data.ts'
import { trainBoosting, trainIsolation } from './trained-alone.ts'

let model: EnsembleModel
let bytes: Uint8Array

beforeAll(() => {
  const data = madeData(4000, 1)
  const binned = applyBins(data, findBins(data, data.weights))
  const none = new Uint8Array(100)
  const even = new Float64Array(data.rows).fill(1)
  model = {
    columns: 100,
    forest: trainForest(binned, data.labels, data.weights, FOREST_DEFAULTS, 1),
    boosting: trainBoosting(data, binned, data.labels, data.weights, BOOSTING_DEFAULTS, 1),
    network: networkOf(startNetwork(data, even, none, NETWORK_DEFAULTS, 1)),
    isolation: trainIsolation(data, data.weights, none, ISOLATION_DEFAULTS, 1),
    memberWeights: MEMBER_WEIGHTS,
    temperature: 1,
  }
  bytes = writeOnnx(model)
})

describe('writeOnnx', () => {
  it('stays under 1 MB at the sizes that ship, and gives the same bytes twice', () => {
    expect(bytes.length).toBeLessThan(1_000_000)
    expect(bytes.length).toBeGreaterThan(300_000)
    expect(writeOnnx(model)).toEqual(bytes)
  })

  it('writes a ModelProto of IR version 8 with the operator sets that it uses', () => {
    const reader = new PbfReader(bytes)
    const seen: number[] = []
    const domains: string[] = []
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      seen.push(field)
      if (field === 1) expect(reader.readVarint()).toBe(8)
      if (field === 8) {
        const end = reader.readVarint() + reader.pos
        for (let part = reader.nextField(end); part !== 0; part = reader.nextField(end)) {
          if (part === 1) domains.push(reader.readString())
        }
      }
    }
    expect(seen).toEqual([1, 2, 7, 8, 8])
    expect(domains).toEqual(['', 'ai.onnx.ml'])
  })
})

describe('readTrees', () => {
  it('gives the forest back as it was, covers included', () => {
    expect(readTrees(bytes, 'forest')).toEqual({ ok: true, value: model.forest })
  })

  it('gives single-valued trees back so that they answer alike', () => {
    const read = readTrees(bytes, 'path')
    if (!read.ok) throw new Error(read.error.why)
    expect(read.value.trees.map(({ values }) => values)).toEqual(
      model.isolation.paths.trees.map(({ values }) => values),
    )
  })

  it('refuses a name that is not there, and trees whose nodes lead nowhere or back', () => {
    expect(readTrees(bytes, 'woods')).toMatchObject({ ok: false, error: { tag: 'unreadable-graph' } })
    for (const [side, child] of [
      ['left', 5000],
      ['right', 0],
    ] as const) {
      const lost = structuredClone(model)
      lost.forest.trees[0]![side][0] = child
      const read = readTrees(writeOnnx(lost), 'forest')
      expect(read.ok ? 'read' : read.error.why).toMatch(/tree 0 of forest is not one/)
    }
  })
})
