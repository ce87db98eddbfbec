import { describe, expect, it } from 'vitest'
import { FEATURE_COUNT, featureIndex } from '../../../core/features/schema.ts'
import { ablateFold, ablationTable, FEATURE_GROUPS } from '../../../core/learning/ablation.ts'
import { FOREST_DEFAULTS } from '../../../core/learning/forest.ts'
import type { LabelledWindow } from '../../../core/learning/labelled-windows.ts'
import type { ReadCapture } from '../../../core/learning/leave-one-out.ts'
import { random } from '../../../core/learning/random.ts'

const FAILURES = featureIndex('failures')
const FLOWS = featureIndex('flows')

/** Windows whose failures tell the class, and whose flows tell nothing. */
function capture(name: string, seed: number): ReadCapture {
  const draw = random(seed)
  const windows = Array.from({ length: 120 }, (_, i): LabelledWindow => {
    const label = i % 2 === 0 ? 0 : 3
    const features = new Float32Array(FEATURE_COUNT).fill(Number.NaN)
    features[FAILURES] = label === 0 ? draw.below(3) : 5 + draw.below(20)
    features[FLOWS] = draw.below(50)
    return { source: `192.0.2.${i}`, start: 0, features, events: 10, label, weakLabel: null }
  })
  return { name, events: [], windows, trainedOn: windows, counts: 1, calibrates: true }
}

describe('ablation', () => {
  const captures = [capture('a', 1), capture('b', 2)]
  const options = { bins: 32, forest: { ...FOREST_DEFAULTS, trees: 6 }, seed: 1 }
  const groups = [null, 'auth', 'flow']
  const folds = captures.map((held) => ablateFold(held, captures, [], options, groups))
  const table = ablationTable(folds, groups)
  const accuracyWithout = (group: string | null) => table.find(({ without }) => without === group)!.accuracy!

  it('shows what is lost without the group that tells, and that nothing is without one that does not', () => {
    expect(accuracyWithout(null)).toBe(1)
    expect(accuracyWithout('flow')).toBe(1)
    expect(accuracyWithout('auth')).toBeLessThan(0.75)
  })

  it('takes the schema’s groups, each once', () => {
    expect(FEATURE_GROUPS).toHaveLength(12)
    expect(table.find(({ without }) => without === 'auth')!.features).toBe(9)
  })
})
