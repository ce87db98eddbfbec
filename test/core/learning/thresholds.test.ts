import { describe, expect, it } from 'vitest'
import { random } from '../../../core/learning/random.ts'
import { decisionScore, findThresholds, type HeldOutAnswers } from '../../../core/learning/thresholds.ts'

/** Class 3 is rare and never gets over 0.45; class 0 takes the rest. */
function rareAndTimid(rows: number, seed: number) {
  const source = random(seed)
  const probabilities = new Float32Array(rows * 7)
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const rare = source.unit() < 0.05
    labels[row] = rare ? 3 : 0
    const p = rare ? 0.25 + 0.2 * source.unit() : 0.22 * source.unit()
    probabilities[row * 7 + 3] = p
    probabilities[row * 7] = 1 - p
  }
  return {
    probabilities,
    labels,
    weights: new Float32Array(rows).fill(1),
    groups: Int32Array.from(labels, (_, row) => row % 5),
  }
}

describe('thresholds', () => {
  it('finds a rare class that is never the most probable one, on rows it has not seen', () => {
    const found = findThresholds(rareAndTimid(2000, 1))
    expect(found[3]).toBeGreaterThan(0.21)
    expect(found[3]).toBeLessThan(0.27)
    const fresh = rareAndTimid(2000, 2)
    expect(decisionScore(Array(7).fill(0.5), fresh)).toBeLessThan(0.5)
    expect(decisionScore(found, fresh)).toBeGreaterThan(0.98)
  })

  it('gives a class without rows 0.5', () => {
    const found = findThresholds(rareAndTimid(200, 1))
    expect([1, 2, 4, 5, 6].map((k) => found[k])).toEqual([0.5, 0.5, 0.5, 0.5, 0.5])
    expect(findThresholds(answers([], []))).toEqual(Array(7).fill(0.5))
  })

  it('leaves a class alone whose threshold gains less than a hundredth', () => {
    // Of 150 rows of class 2 one is taken for Normal; a threshold under 0.45 would put that right, in each group alike.
    const once = [
      ...Array<number[]>(150).fill([0.9, 0, 0.1, 0, 0, 0, 0]),
      ...Array<number[]>(149).fill([0.1, 0, 0.9, 0, 0, 0, 0]),
      [0.55, 0, 0.45, 0, 0, 0, 0],
    ]
    const labels = [...Array<number>(150).fill(0), ...Array<number>(150).fill(2)]
    const groups = [1, 2].flatMap((group) => Array<number>(300).fill(group))
    const twice = answers([...once, ...once], [...labels, ...labels], groups)
    expect(decisionScore([0.5, 0.5, 0.26, 0.5, 0.5, 0.5, 0.5], twice)).toBe(1)
    expect(decisionScore(Array(7).fill(0.5), twice)).toBeLessThan(1)
    expect(findThresholds(twice)).toEqual(Array(7).fill(0.5))
  })

  it('takes the middle of the thresholds that do equally well', () => {
    // Class 4 is right at 0.3 and 0.4 and wrong at 0.2 and under, but never the most probable.
    const rows = [0.4, 0.3, 0.2, 0.1].map((p) => [1 - p, 0, 0, 0, p, 0, 0])
    expect(findThresholds(answers(rows, [4, 4, 0, 0]))[4]).toBeCloseTo(0.26, 9)
  })

  it('leaves a class alone whose threshold does not hold on groups that it was not found on', () => {
    // Group 1: 0.3 means class 2. Group 2: 0.3 means class 0.
    const kinds = [
      { count: 30, p: 0.3, label: 2, group: 1 },
      { count: 30, p: 0.05, label: 0, group: 1 },
      { count: 25, p: 0.3, label: 0, group: 2 },
    ].flatMap((kind) => Array<typeof kind>(kind.count).fill(kind))
    const rows = kinds.map(({ p }) => [1 - p, 0, p, 0, 0, 0, 0])
    const labels = kinds.map(({ label }) => label)
    expect(findThresholds(answers(rows, labels))[2]).toBeLessThan(0.3)
    const groups = kinds.map(({ group }) => group)
    expect(findThresholds(answers(rows, labels, groups))).toEqual(Array(7).fill(0.5))
  })

  it('never decides worse than the most probable class on the rows of a single group', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const source = random(seed)
      const given = answers(
        Array.from({ length: 60 }, () => Array.from({ length: 7 }, source.unit)),
        Array.from({ length: 60 }, () => source.below(7)),
      )
      const neutral = decisionScore(Array(7).fill(0.5), given)
      expect(decisionScore(findThresholds(given), given)).toBeGreaterThanOrEqual(neutral)
    }
  })

  it('finds the same when groups are named otherwise', () => {
    const given = rareAndTimid(500, 4)
    expect(findThresholds({ ...given, groups: given.groups.map((group) => 9 - group) })).toEqual(findThresholds(given))
  })
})

function answers(rows: number[][], labels: number[], groups: number[] = labels.map(() => 0)): HeldOutAnswers {
  return {
    probabilities: Float32Array.from(rows.flat()),
    labels: Uint8Array.from(labels),
    weights: labels.map(() => 1),
    groups: Int32Array.from(groups),
  }
}
