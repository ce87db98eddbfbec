import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { balance, NORMAL_SHARE } from '../../../../core/learning/balance/balance.ts'
import { nearest, type Space, squaredDistance } from '../../../../core/learning/balance/neighbours.ts'
import { adasyn, NEIGHBOURS, smote } from '../../../../core/learning/balance/oversample.ts'
import type { Dataset } from '../../../../core/learning/dataset.ts'
import { random } from '../../../../core/learning/random.ts'

const COLUMNS = 4
const cell = fc.oneof({ weight: 4, arbitrary: fc.double({ min: -50, max: 50, noNaN: true }) }, fc.constant(Number.NaN))
const row = fc.array(cell, { minLength: COLUMNS, maxLength: COLUMNS })
const rows = (least: number, most: number) => fc.array(row, { minLength: least, maxLength: most })
const spaceOf = (values: number[][]): Space => ({
  values: Float32Array.from(values.flat()),
  rows: values.length,
  columns: COLUMNS,
})
const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i)

function datasetOf(byClass: Record<number, number[][]>): Dataset {
  const labels = Object.entries(byClass).flatMap(([k, of]) => of.map(() => Number(k)))
  return {
    features: Float32Array.from(Object.values(byClass).flat(2)),
    rows: labels.length,
    columns: COLUMNS,
    labels: Uint8Array.from(labels),
    weights: new Float32Array(labels.length).fill(1),
    groups: Int32Array.from(labels.keys()),
  }
}
const made = (n: number, at: number) => Array.from({ length: n }, (_, i) => [at + (i % 7), at - (i % 5), i % 3, at])
const LOG1P = new Uint8Array(COLUMNS)

describe('neighbours', () => {
  it('are those that sorting all distances gives', () =>
    fc.assert(
      fc.property(rows(2, 40), fc.nat(39), (values, of) => {
        const space = spaceOf(values)
        const from = of % space.rows
        const all = range(0, space.rows)
        const sorted = [...all]
          .filter((other) => other !== from)
          .map((other) => squaredDistance(space, from, other))
          .sort((a, b) => a - b)
          .slice(0, 5)
        const found = [...nearest(space, from, all, 5)]
        expect(found).not.toContain(from)
        expect(found.map((other) => squaredDistance(space, from, other))).toEqual(sorted)
      }),
    ))

  it('are told by what both rows have, scaled up to all columns', () => {
    const space = spaceOf([
      [0, 0, Number.NaN, 1],
      [3, Number.NaN, 9, 1],
    ])
    expect(squaredDistance(space, 0, 1)).toBe((9 * COLUMNS) / 2)
    expect(
      squaredDistance(
        spaceOf([
          [1, ...Array(3).fill(Number.NaN)],
          [Number.NaN, 1, 1, 1],
        ]),
        0,
        1,
      ),
    ).toBe(Infinity)
  })
})

describe('SMOTE', () => {
  it('starts from rows of the class and goes towards one of the five nearest of it', () =>
    fc.assert(
      fc.property(rows(2, 25), fc.nat(60), fc.nat(), (values, wanted, seed) => {
        const space = spaceOf(values)
        const members = range(0, Math.max(2, space.rows >> 1))
        const between = smote(space, members, wanted, random(seed))
        expect(between.length).toBe(wanted)
        for (const { from, to, at } of between) {
          expect(members).toContain(from)
          expect([...nearest(space, from, members, NEIGHBOURS)]).toContain(to)
          expect(at >= 0 && at < 1).toBe(true)
        }
      }),
    ))

  it('draws starting rows evenly', () => {
    const space = spaceOf(made(10, 0))
    const counts = new Array(10).fill(0)
    for (const { from } of smote(space, range(0, 10), 20_000, random(5))) counts[from]++
    // χ² with nine degrees of freedom passes 27.9 once in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0)).toBeLessThan(27.9)
  })
})

describe('ADASYN', () => {
  it('gives each row of the class synthetic ones in proportion to the strangers among its five nearest', () =>
    fc.assert(
      fc.property(rows(12, 30), fc.integer({ min: 10, max: 200 }), fc.nat(), (values, wanted, seed) => {
        const space = spaceOf(values)
        const members = range(0, space.rows >> 1)
        const all = range(0, space.rows)
        const strangers = [...members].map(
          (from) =>
            [...nearest(space, from, all, NEIGHBOURS)].filter((other) => other >= members.length).length / NEIGHBOURS,
        )
        const total = strangers.reduce((sum, share) => sum + share, 0)
        fc.pre(total > 0)
        const counts = new Array(members.length).fill(0)
        for (const { from, to } of adasyn(space, members, all, wanted, random(seed))) {
          counts[from]++
          expect([...nearest(space, from, members, NEIGHBOURS)]).toContain(to)
        }
        expect(counts).toEqual(strangers.map((share) => Math.round((share / total) * wanted)))
      }),
    ))

  it('is SMOTE where no stranger is near', () => {
    const space = spaceOf([...made(20, 0), ...made(20, 40)])
    const arguments_ = [space, range(0, 20), 30] as const
    expect(adasyn(arguments_[0], arguments_[1], range(0, 40), arguments_[2], random(2))).toEqual(
      smote(...arguments_, random(2)),
    )
  })
})

describe('balancing', () => {
  it('takes ADASYN over 3:1, SMOTE when moderate and nothing when balanced', () => {
    const of = (normal: number, scans: number) =>
      balance(datasetOf({ 0: made(normal, 0), 2: made(scans, 3) }), LOG1P, 1).report
    expect(of(30, 70)).toMatchObject({ strategy: 'none', after: [30, 0, 70, 0, 0, 0, 0] })
    expect(of(60, 70).strategy).toBe('SMOTE')
    expect(of(200, 70).strategy).toBe('ADASYN')
  })

  it('ends at 30 % Normal and attack classes alike, where no class had to grow more than fourfold', () => {
    const { report } = balance(datasetOf({ 0: made(60, 0), 2: made(70, 3), 3: made(40, 5) }), LOG1P, 3)
    const total = report.after.reduce((sum, count) => sum + count, 0)
    expect(report.after[0]! / total).toBeCloseTo(NORMAL_SHARE, 1)
    expect(Math.abs(report.after[2]! - report.after[3]!)).toBeLessThanOrEqual(2)
  })

  it('leaves what is real as it is, in front, and grows no class more than about fourfold', () =>
    fc.assert(
      fc.property(rows(1, 60), rows(1, 12), rows(0, 12), fc.nat(), (normal, scans, guesses, seed) => {
        const before = datasetOf({ 0: normal, 2: scans, 3: guesses })
        const { dataset, report } = balance(before, LOG1P, seed)
        expect(dataset.features.slice(0, before.features.length)).toEqual(before.features)
        expect(dataset.labels.slice(0, before.rows)).toEqual(before.labels)
        expect(dataset.rows).toBe(report.after.reduce((sum, count) => sum + count, 0))
        // ADASYN rounds each row's share.
        const most = report.before.map((count) => 4.5 * count)
        expect(report.after.every((count, k) => count <= most[k]!)).toBe(true)
      }),
    ))

  it('makes rows that lie between their parents and lack what the first of them lacks', () =>
    fc.assert(
      fc.property(rows(20, 60), rows(3, 6), fc.nat(), (normal, scans, seed) => {
        const { dataset, report } = balance(datasetOf({ 0: normal, 2: scans }), LOG1P, seed)
        fc.pre(report.strategy !== 'none')
        for (let at = normal.length + scans.length; at < dataset.rows; at++) {
          const own = [...dataset.features.slice(at * COLUMNS, (at + 1) * COLUMNS)]
          const parents = dataset.labels[at] === 0 ? normal : scans
          own.forEach((value, column) => {
            const values = parents.map((parent) => Math.fround(parent[column]!)).filter((x) => !Number.isNaN(x))
            if (!Number.isNaN(value)) {
              expect(value).toBeGreaterThanOrEqual(Math.min(...values) - 1e-3)
              expect(value).toBeLessThanOrEqual(Math.max(...values) + 1e-3)
            }
          })
          const lacks = own.map(Number.isNaN).join()
          expect(parents.map((parent) => parent.map(Number.isNaN).join())).toContain(lacks)
        }
      }),
    ))

  it('is the same for the same seed', () => {
    const of = () => balance(datasetOf({ 0: made(90, 0), 2: made(9, 3) }), LOG1P, 4).dataset
    expect(of()).toEqual(of())
  })
})
