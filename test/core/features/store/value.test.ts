import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FEATURE_COUNT } from '../../../../core/features/schema.ts'
import { packValue, readValue, storeKey } from '../../../../core/features/store/value.ts'
import { cursorAt, entryOf } from '../../../support/feature-store-suite.ts'

const rows = fc.float32Array({ minLength: FEATURE_COUNT, maxLength: FEATURE_COUNT, noDefaultInfinity: true })

describe('a stored vector', () => {
  it('is under the key that its readers know', () => {
    expect(storeKey('203.0.113.7')).toBe('features:ip:203.0.113.7:v1')
  })

  it('comes back bit for bit, whatever its numbers', () =>
    fc.assert(
      fc.property(rows, fc.string(), (row, cursor) => {
        // -0 and 0 are one number to every model.
        const entry = { address: '203.0.113.7', row: row.map((x) => x + 0), cursor, at: 1_700_000_000_123 }
        expect(readValue(packValue(entry), { address: '203.0.113.7', cursor })).toEqual({ tag: 'hit', entry })
      }),
    ))

  it('never gives a vector for text that it did not write', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readValue(text, { address: '', cursor: '' }).tag).toBe('error')
      }),
    ))

  it('never gives another vector for one that was cut or changed', () =>
    fc.assert(
      fc.property(fc.nat(2_000), fc.string({ minLength: 1, maxLength: 3 }), (at, other) => {
        const entry = entryOf('203.0.113.7')
        const text = packValue(entry)
        const place = at % text.length
        const cut = readValue(text.slice(0, place), { address: entry.address, cursor: entry.cursor })
        expect(cut.tag).toBe('error')
        const changed = readValue(text.slice(0, place) + other + text.slice(place + other.length), {
          address: entry.address,
          cursor: cursorAt(9),
        })
        if (changed.tag === 'hit') expect(changed.entry.row).toHaveLength(FEATURE_COUNT)
      }),
    ))

  it('holds absent features as null, as JSON knows no NaN', () => {
    const value = JSON.parse(packValue(entryOf('203.0.113.7')))
    expect(value.features.slice(0, 2)).toEqual([null, expect.any(Number)])
    expect(value).toMatchObject({ version: 'v1', timestamp: '2026-11-24T08:00:00.000Z', cursor: cursorAt(9) })
  })
})
