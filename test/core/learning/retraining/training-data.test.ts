import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDataset, encodeDataset } from '../../../../core/learning/dataset-bytes.ts'
import {
  prepareTraining,
  rehearsalOf,
  type TrainingSample,
} from '../../../../core/learning/retraining/training-data.ts'
import { madeData } from '../made-data.ts'

const rehearsal = rehearsalOf(madeData(900, 3), 30)
const sample = (id: number, part: Partial<TrainingSample> = {}): TrainingSample => ({
  id,
  features: new Float32Array(100).fill(id),
  label: id % 3,
  trust: 'council',
  source: `198.51.100.${id % 40}`,
  seenAt: 1_000 * id,
  ...part,
})
const samples = (count: number, of: (id: number) => Partial<TrainingSample> = () => ({})) =>
  Array.from({ length: count }, (_, id) => sample(id, of(id)))
const prepared = (given: TrainingSample[], seed = 1) => {
  const result = prepareTraining(given, rehearsal, { seed })
  if (!result.ok) throw new Error(result.error.why)
  return result.value
}
const refused = (given: TrainingSample[]) => {
  const result = prepareTraining(given, rehearsal, { seed: 1 })
  return result.ok ? null : result.error.why
}
const anySample = fc.record({
  source: fc.integer({ min: 0, max: 30 }).map((n) => `203.0.113.${n}`),
  label: fc.integer({ min: 0, max: 6 }),
  trust: fc.constantFrom('analyst' as const, 'council' as const, 'weak' as const),
  seenAt: fc.nat(1_000_000),
})

describe('what a run learns from', () => {
  it('parts whole sources and uses each sample once', () =>
    fc.assert(
      fc.property(fc.array(anySample, { minLength: 30, maxLength: 300 }), fc.nat(), (parts, seed) => {
        const given = parts.map((part, id) => sample(id, part))
        const result = prepareTraining(given, rehearsal, { seed })
        fc.pre(result.ok)
        const { train, calibration, validation, ids, report } = result.value
        const groups = [train, calibration, validation].map(({ groups }) => new Set(groups))
        groups.forEach((own, i) => {
          for (const other of groups.slice(i + 1)) expect([...own].filter((group) => other.has(group))).toEqual([])
        })
        expect(train.rows + calibration.rows + validation.rows).toBe(rehearsal.rows + ids.length)
        expect(report.used + report.overShare + report.empty).toBe(given.length)
      }),
    ))

  it('validates on the sources that were seen last', () => {
    const { validation } = prepared(samples(2_000, (id) => ({ source: `10.0.${id >> 8}.${id & 255}` })))
    expect(Math.min(...validation.features)).toBe(1_600)
    expect(validation.rows).toBe(400)
  })

  it('takes at most one in a hundred from a source: the most trusted, then the newest', () => {
    const loud = samples(1_000, (id) => ({
      source: id < 400 ? 'shouter' : `10.0.${id >> 8}.${id & 255}`,
      trust: id === 5 ? 'analyst' : 'weak',
    }))
    const { ids, report } = prepared(loud)
    const own = ids.filter((id) => id < 400)
    expect(own).toEqual([5, ...Array.from({ length: 9 }, (_, i) => 391 + i)])
    expect(report).toMatchObject({ given: 1_000, overShare: 390, byTrust: { analyst: 1, council: 0, weak: 609 } })
  })

  it('counts a sample by who labelled it, against the mean of the rehearsal rows', () => {
    const mean = rehearsal.weights.reduce((a, b) => a + b, 0) / rehearsal.rows
    const { validation } = prepared(
      samples(300, (id) => ({ source: `10.0.0.${id}`, trust: (['analyst', 'council', 'weak'] as const)[id % 3]! })),
    )
    validation.features.forEach((id, at) => {
      if (at % 100 > 0) return
      expect(validation.weights[at / 100]! / mean).toBeCloseTo([1, 0.6, 0.2][id % 3]!, 5)
    })
  })

  it('is the same whatever the order in which samples come', () => {
    const given = samples(200)
    expect(prepared(given.toReversed()).ids).toEqual(prepared(given).ids)
    expect(prepared(given.toReversed()).validation.rows).toBe(prepared(given).validation.rows)
  })

  it('is refused, by name, where samples are of one class, of few sources, empty or none', () => {
    expect(refused([])).toBe('there are no samples with a label')
    expect(refused(samples(1_000, () => ({ label: 2 })))).toBe(
      'all samples are of one class: there is nothing to tell apart',
    )
    expect(refused(samples(1_000, () => ({ source: 'one' })))).toBe(
      'all samples are of 1 source; at least 5 are needed',
    )
    const nothing = new Float32Array(100).fill(Number.NaN)
    expect(refused(samples(1_000, () => ({ features: nothing })))).toBe('there are no samples with a label')
  })
})

describe('the rehearsal set', () => {
  it('keeps what each class counted, in fewer rows that count alike', () => {
    const all = madeData(900, 3)
    const weightOf = (data: typeof all, k: number) =>
      data.weights.reduce((sum, weight, row) => sum + (data.labels[row] === k ? weight : 0), 0)
    for (let k = 0; k < 7; k++) {
      expect(weightOf(rehearsal, k)).toBeCloseTo(weightOf(all, k), 2)
      expect(rehearsal.labels.filter((label) => label === k).length).toBeLessThanOrEqual(30)
    }
  })

  it('is as bytes what it was, and is refused cut, of another schema, or as something else', () => {
    const bytes = encodeDataset(rehearsal, 'schema-1')
    const shifted = new Uint8Array(bytes.length + 1)
    shifted.set(bytes, 1)
    expect(decodeDataset(shifted.subarray(1), 'schema-1')).toEqual({ ok: true, value: rehearsal })
    const why = (of: Uint8Array, schema = 'schema-1') => {
      const read = decodeDataset(of, schema)
      return read.ok ? null : read.error.why
    }
    expect(why(bytes, 'schema-2')).toBe('it is of feature schema schema-1, not schema-2')
    expect(why(bytes.subarray(0, bytes.length - 1))).toBe('its length is not what its heading says')
    expect(why(new Uint8Array(2_000))).toBe('it has no heading')
    expect(why(new TextEncoder().encode('not json\n'))).toBe('its heading is no JSON')
  })
})
