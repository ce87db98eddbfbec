import { describe, expect, it } from 'vitest'
import { memberVotes, strongestIndicators } from '../../../core/ensemble/indicators.ts'

const features = Array.from({ length: 12 }, (_, i) => ({ name: `feature_${i}`, unit: i === 0 ? 'count' : 'ratio' }))
const row = Float32Array.from({ length: 12 }, (_, i) => i)

describe('strongestIndicators', () => {
  it('names the ten largest by size, whatever their sign, strongest first', () => {
    const contributions = Float64Array.of(0.5, -0.9, 0.1, 0.2, 0.3, 0.01, 0.02, -0.03, 0.04, 0.05, 0.06, 0.07)
    const named = strongestIndicators(contributions, row, Array(12).fill(7), features)
    expect(named.map(({ feature }) => Number(feature.slice(8)))).toEqual([1, 0, 4, 3, 2, 11, 10, 9, 8, 7])
    expect(named[1]).toEqual({ feature: 'feature_0', value: 0, unit: 'count', usual: 7, contribution: 0.5 })
  })

  it('says null for an absent value and for a feature that is always absent in normal windows', () => {
    const contributions = new Float64Array(12)
    contributions[3] = -0.2
    const gone = Float32Array.from(row).fill(Number.NaN, 3, 4)
    expect(strongestIndicators(contributions, gone, Array(12).fill(null), features)).toEqual([
      { feature: 'feature_3', value: null, unit: 'ratio', usual: null, contribution: -0.2 },
    ])
  })

  it('leaves out features that moved nothing', () => {
    expect(strongestIndicators(new Float64Array(12), row, [], features)).toEqual([])
  })
})

describe('memberVotes', () => {
  it('gives plain numbers that survive JSON', () => {
    const seven = Float32Array.of(1, 0, 0, 0, 0, 0, 0)
    const votes = memberVotes({ probabilities: seven, forest: seven, boosting: seven, network: seven, anomaly: 0.5 })
    expect(JSON.parse(JSON.stringify(votes))).toEqual({ forest: [...seven], boosting: [...seven], network: [...seven] })
  })
})
