import { beforeAll, describe, expect, it } from 'vitest'
import { FEATURE_COUNT, FEATURES, featureIndex, SCHEMA_HASH } from '../../../core/features/schema.ts'
import { labelledWindows } from '../../../core/learning/labelled-windows.ts'
import { readCaptures } from '../../../scripts/data/labelled-events.ts'
import { DEV_DATA, NO_DEV_DATA } from '../../support/dev-data.ts'

const GROUP_SIZES = {
  volume: 10,
  timing: 10,
  ports: 8,
  hosts: 6,
  protocols: 8,
  flow: 16,
  auth: 9,
  commands: 6,
  'http, dns, alerts': 6,
  'threat intelligence': 6,
  behaviour: 8,
  graph: 7,
}

describe('the feature schema', () => {
  it('has 100 features: 79 base ones, then 21 advanced ones, in these groups', () => {
    const sizes: Record<string, number> = {}
    for (const { group } of FEATURES) sizes[group] = (sizes[group] ?? 0) + 1
    expect(sizes).toEqual(GROUP_SIZES)
    expect(FEATURE_COUNT).toBe(100)
    expect(FEATURES.findIndex(({ group }) => group === 'threat intelligence')).toBe(79)
  })

  it('names each feature once and says what it measures', () => {
    expect(new Set(FEATURES.map(({ name }) => name)).size).toBe(FEATURE_COUNT)
    for (const { definition, range } of FEATURES) {
      expect(definition).toMatch(/\.$/)
      expect(range[0]).toBeLessThan(range[1])
    }
  })

  it('has a hash of 16 hex digits, and a column for each name', () => {
    expect(SCHEMA_HASH).toMatch(/^[0-9a-f]{16}$/)
    expect(FEATURES[featureIndex('beacon_score')]!.name).toBe('beacon_score')
    expect(() => featureIndex('hour_of_day')).toThrow('hour_of_day')
  })
})

describe.skipIf(DEV_DATA === null)(`on the development data${DEV_DATA === null ? ` (${NO_DEV_DATA})` : ''}`, () => {
  let columns: Float64Array[]
  beforeAll(async () => {
    const rows = (await readCaptures(DEV_DATA!)).flatMap(({ events }) => labelledWindows(events))
    columns = FEATURES.map((_, column) => Float64Array.from(rows, ({ features }) => features[column]!))
  }, 120_000)

  it('no feature is constant, but for the threat intelligence that nothing has told yet', () => {
    const constant = FEATURES.filter((_, column) => {
      const known = columns[column]!.filter((value) => !Number.isNaN(value))
      return known.every((value) => value === known[0])
    })
    expect(constant.map(({ group }) => group)).toEqual(new Array(6).fill('threat intelligence'))
  })

  it('no feature leaves its range', () => {
    for (const [column, { name, range }] of FEATURES.entries()) {
      const beyond = columns[column]!.find((value) => value < range[0] || value > range[1])
      expect(beyond, `${name} outside ${range}`).toBeUndefined()
    }
  })

  it('no two features are copies or rescalings of one another', () => {
    const alike: string[] = []
    for (let a = 0; a < FEATURE_COUNT; a++)
      for (let b = a + 1; b < FEATURE_COUNT; b++) {
        const correlation = correlationOf(columns[a]!, columns[b]!)
        if (Math.abs(correlation) >= 0.999) alike.push(`${FEATURES[a]!.name} ~ ${FEATURES[b]!.name}: ${correlation}`)
      }
    expect(alike).toEqual([])
  })
})

/** Over the windows that have both; 0 where fewer than 30 do. */
function correlationOf(a: Float64Array, b: Float64Array): number {
  let n = 0
  let sumA = 0
  let sumB = 0
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]!) || Number.isNaN(b[i]!)) continue
    n++
    sumA += a[i]!
    sumB += b[i]!
  }
  if (n < 30) return 0
  let both = 0
  let squaredA = 0
  let squaredB = 0
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]!) || Number.isNaN(b[i]!)) continue
    const offA = a[i]! - sumA / n
    const offB = b[i]! - sumB / n
    both += offA * offB
    squaredA += offA ** 2
    squaredB += offB ** 2
  }
  return squaredA === 0 || squaredB === 0 ? 0 : both / Math.sqrt(squaredA * squaredB)
}
