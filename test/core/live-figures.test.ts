import { describe, expect, it } from 'vitest'
import type { PartitionHealth } from '../../core/health.ts'
import { mergeHistograms, type Reading, servingModel, total } from '../../core/live-figures.ts'
import { err, ok } from '../../core/result.ts'

const partition = (over: Partial<PartitionHealth>): Reading<PartitionHealth> => ({
  name: 'partition 0',
  health: ok({ modelVersion: null, modelError: null, windowsJudged: 0, ...over } as PartitionHealth),
})
const SILENT: Reading<PartitionHealth> = { name: 'partition 1', health: err('no answer in 2 s') }

describe('live figures', () => {
  it('a total is the sum of all parts', () => {
    const parts = [partition({ windowsJudged: 2 }), partition({ windowsJudged: 3 })]
    expect(total(parts, (health) => health.windowsJudged)).toEqual({ known: true, value: 5 })
    expect(total([], () => 1)).toEqual({ known: true, value: 0 })
  })

  it('a total without one of its parts is not known, and names the part', () => {
    expect(total([partition({ windowsJudged: 2 }), SILENT], (health) => health.windowsJudged)).toEqual({
      known: false,
      why: 'partition 1: no answer in 2 s',
    })
  })

  it('the model is refused as soon as one partition refused it', () => {
    const refusing = partition({ modelError: 'sha256 differs' })
    expect(servingModel([partition({ modelVersion: '1' }), SILENT, refusing])).toEqual({
      tag: 'refused',
      why: 'partition 0: sha256 differs',
    })
  })

  it('a model that nobody loaded yet is neither refused nor unknown', () => {
    expect(servingModel([partition({})])).toEqual({ tag: 'not-loaded' })
    expect(servingModel([SILENT])).toMatchObject({ tag: 'not-known' })
    expect(servingModel([partition({ modelVersion: 'b' }), partition({ modelVersion: 'a' })])).toEqual({
      tag: 'serving',
      versions: ['a', 'b'],
    })
  })

  it('histograms add up bucket by bucket', () => {
    const one = {
      buckets: [
        { le: 1, count: 2 },
        { le: 5, count: 3 },
      ],
      sum: 4,
      count: 3,
    }
    const two = {
      buckets: [
        { le: 1, count: 1 },
        { le: 5, count: 1 },
      ],
      sum: 0.5,
      count: 1,
    }
    expect(mergeHistograms([one, two])).toEqual({
      buckets: [
        { le: 1, count: 3 },
        { le: 5, count: 4 },
      ],
      sum: 4.5,
      count: 4,
    })
  })
})
