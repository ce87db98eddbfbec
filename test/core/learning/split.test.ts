import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dataset } from '../../../core/learning/dataset.ts'
import { foldsByGroup, holdOutGroups } from '../../../core/learning/split.ts'
import { emptyData } from './made-data.ts'

/** One row for each [group, label]. */
function rows(pairs: (readonly [number, number])[]): Dataset {
  const data = emptyData(pairs.length, 1)
  pairs.forEach(([group, label], row) => {
    data.groups[row] = group
    data.labels[row] = label
  })
  return data
}

const someRows = fc
  .array(fc.tuple(fc.integer({ min: -3, max: 12 }), fc.integer({ min: 0, max: 6 })), { minLength: 1, maxLength: 120 })
  .map(rows)
const seeds = fc.integer({ min: 0, max: 1000 })

describe('foldsByGroup', () => {
  it('never divides a group', () =>
    fc.assert(
      fc.property(someRows, fc.integer({ min: 2, max: 6 }), seeds, (data, folds, seed) => {
        const fold = foldsByGroup(data, folds, seed)
        for (let row = 0; row < data.rows; row++) {
          expect(fold[row]).toBe(fold[data.groups.indexOf(data.groups[row]!)])
          expect(fold[row]).toBeLessThan(folds)
        }
      }),
    ))

  it('puts the two groups of a rare class into different folds', () => {
    for (let seed = 0; seed < 20; seed++) {
      const data = rows([...Array.from({ length: 12 }, (_, group) => [group, 0] as const), [20, 5], [20, 0], [21, 5]])
      const fold = foldsByGroup(data, 4, seed)
      expect(fold[12]).not.toBe(fold[14])
    }
  })

  it('is the same for the same seed', () => {
    const data = rows(Array.from({ length: 60 }, (_, row) => [row % 11, row % 7] as const))
    expect(foldsByGroup(data, 4, 3)).toEqual(foldsByGroup(data, 4, 3))
  })
})

describe('holdOutGroups', () => {
  it('holds out whole groups and leaves every class to learn from', () =>
    fc.assert(
      fc.property(someRows, seeds, (data, seed) => {
        const out = holdOutGroups(data, 0.25, seed)
        if (out === null) return
        expect(out.includes(1)).toBe(true)
        for (let row = 0; row < data.rows; row++) {
          expect(out[row]).toBe(out[data.groups.indexOf(data.groups[row]!)])
          expect(data.labels.some((label, other) => label === data.labels[row] && out[other] === 0)).toBe(true)
        }
      }),
    ))

  it('holds out about the share that was asked for', () => {
    const data = rows(Array.from({ length: 40 }, (_, group) => [group, group % 2] as const))
    const out = holdOutGroups(data, 0.25, 1)!
    expect(out.reduce((sum, held) => sum + held, 0)).toBe(10)
  })

  it('says that nothing can be held out where each group is the only one with some class', () => {
    expect(
      holdOutGroups(
        rows([
          [1, 0],
          [1, 2],
        ]),
        0.25,
        1,
      ),
    ).toBeNull()
    expect(
      holdOutGroups(
        rows([
          [1, 0],
          [2, 2],
        ]),
        0.25,
        1,
      ),
    ).toBeNull()
  })
})
