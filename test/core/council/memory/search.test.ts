import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { caseVector, DIMENSIONS, STRIDE } from '../../../../core/council/memory/case-vector.ts'
import { isOfToday, scaleFrom } from '../../../../core/council/memory/scale.ts'
import { cosine, type Found, searchBlocks } from '../../../../core/council/memory/search.ts'
import { BLOCK_SLOTS, VectorBlock } from '../../../../core/council/memory/vector-block.ts'
import { FEATURE_COUNT, FEATURES, featureIndex } from '../../../../core/features/schema.ts'
import { FIXTURE_MANIFEST } from '../../../support/incident-fixture.ts'

const scale = scaleFrom(FIXTURE_MANIFEST)
const UNSURE = [0.1, 0, 0.1, 0.7, 0.1, 0, 0]
const usual = () => FIXTURE_MANIFEST.usual.slice()

describe('the vector of a case', () => {
  it('is of length 1, holds nothing for what is absent or usual, and the probabilities at its end', () => {
    const { unit, length } = caseVector(usual(), UNSURE, scale)
    expect(unit).toHaveLength(STRIDE)
    expect([...unit.subarray(0, FEATURE_COUNT)].every((value) => Math.abs(value) < 1e-6)).toBe(true)
    expect(length).toBeCloseTo(Math.hypot(...UNSURE))
    expect([...unit.subarray(FEATURE_COUNT, DIMENSIONS)]).toEqual(UNSURE.map((p) => Math.fround(p / length)))
    const absent = caseVector(Array(FEATURE_COUNT).fill(null), UNSURE, scale)
    expect(absent.unit).toEqual(unit)
  })

  it('tells a feature in deviations from its usual value, logarithmic where the schema says so', () => {
    const column = FEATURES.findIndex(
      ({ transform }, i) =>
        transform === 'log1p' && FIXTURE_MANIFEST.usual_range[i] && FIXTURE_MANIFEST.usual[i] !== null,
    )
    const [low, high] = FIXTURE_MANIFEST.usual_range[column]!
    const deviation = (Math.log1p(high) - Math.log1p(low)) / 3.29
    const middle = Math.log1p(FIXTURE_MANIFEST.usual[column]!)
    const features = usual()
    features[column] = Math.expm1(middle + 2 * deviation)
    const { unit, length } = caseVector(features, [0, 0, 0, 0, 0, 0, 0], scale)
    expect(length).toBeCloseTo(Math.asinh(2), 5)
    expect(unit[column]).toBeCloseTo(1)
  })

  it('is finite whatever the features', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double(), fc.constant(null)), { maxLength: 120 }), (features) => {
        const { unit, length } = caseVector(features, UNSURE, scale)
        expect(Number.isFinite(length)).toBe(true)
        expect(cosine(unit, unit)).toBeCloseTo(1, 5)
      }),
    ))

  it('is long where much is unusual, so that three failures are not three thousand', () => {
    const failing = (failures: number) => {
      const features = usual()
      features[featureIndex('failures')] = failures
      return caseVector(features, UNSURE, scale).length
    }
    expect(failing(3_000)).toBeGreaterThan(1.25 * failing(3))
  })

  it('is of today by schema and making, not by a model’s medians', () => {
    const newer = scaleFrom({
      ...FIXTURE_MANIFEST,
      usual: FIXTURE_MANIFEST.usual.map((v) => (v === null ? null : v + 1)),
    })
    expect(newer.id).not.toBe(scale.id)
    expect(isOfToday(newer)).toBe(true)
    expect(isOfToday({ ...scale, schemaHash: 'other' })).toBe(false)
  })
})

/** Unit vectors around a few centres, so that some are near, some equal and some far. */
const vectors = fc
  .array(fc.tuple(fc.nat(6), fc.double({ min: 0, max: 0.5, noNaN: true }), fc.nat(1_000)), { maxLength: 300 })
  .map((drawn) => drawn.map(([centre, noise, seed]) => around(centre, noise, seed)))

function around(centre: number, noise: number, seed: number): Float32Array {
  const values = Float64Array.from({ length: STRIDE }, (_, i) =>
    i < DIMENSIONS ? Math.sin(i * (centre + 1)) + noise * Math.sin(i * i + seed) : 0,
  )
  const length = Math.hypot(...values)
  return Float32Array.from(values, (value) => value / length)
}

function blocksOf(all: readonly Float32Array[]): VectorBlock[] {
  const blocks = Array.from({ length: Math.ceil(all.length / BLOCK_SLOTS) }, () => new VectorBlock())
  all.forEach((unit, slot) => {
    blocks[Math.floor(slot / BLOCK_SLOTS)]!.set(slot % BLOCK_SLOTS, unit)
  })
  return blocks
}

describe('the search', () => {
  it('finds what a naive one finds, in the same order, and tells every vector over the mark', () =>
    fc.assert(
      fc.property(vectors, fc.nat(6), fc.integer({ min: 1, max: 8 }), fc.nat(10), (all, centre, most, leftOut) => {
        const query = around(centre, 0.1, 77)
        const isAsked = (slot: number) => slot < all.length && (leftOut === 0 || slot % 11 !== leftOut)
        const told: Found[] = []
        const near = (found: Found) => told.push(found)
        const found = searchBlocks(blocksOf(all), { query, most, over: 0.97, isAsked, near })
        const naive = all
          .map((unit, slot) => ({ slot, similarity: unit.reduce((sum, value, i) => sum + value * query[i]!, 0) }))
          .filter(({ slot }) => isAsked(slot))
          .sort((a, b) => b.similarity - a.similarity || a.slot - b.slot)
        expect(found.map(({ slot }) => slot)).toEqual(naive.slice(0, most).map(({ slot }) => slot))
        for (const [i, { similarity }] of found.entries()) expect(similarity).toBeCloseTo(naive[i]!.similarity, 12)
        expect(told.map(({ slot }) => slot)).toEqual(
          naive
            .filter(({ similarity }) => similarity > 0.97)
            .map(({ slot }) => slot)
            .sort((a, b) => a - b),
        )
      }),
    ))

  it('does not find places that are not taken', () => {
    const found = searchBlocks(blocksOf([around(1, 0, 0)]), {
      query: around(1, 0, 0),
      most: 5,
      over: 0.97,
      isAsked: (slot) => slot === 0,
      near: () => {},
    })
    expect(found).toEqual([{ slot: 0, similarity: expect.closeTo(1, 6) }])
  })
})
