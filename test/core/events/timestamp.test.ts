import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clfTime, epochNumber, epochSeconds, isoTime, syslogTime } from '../../../core/events/timestamp.ts'

const date = (max = '9999-12-31T23:59:59.999Z') =>
  fc.date({ min: new Date(0), max: new Date(max), noInvalidDate: true })

describe('isoTime', () => {
  it('agrees with Date on every time that Date writes', () =>
    fc.assert(
      fc.property(date(), (d) => {
        expect(isoTime(d.toISOString())).toBe(d.getTime())
      }),
    ))

  it('gives a microsecond the same number as seconds since 1970 do', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 999_999 }), (s, us) => {
        const text = `${new Date(s * 1000).toISOString().slice(0, 19)}.${String(us).padStart(6, '0')}Z`
        expect(isoTime(text)).toBe(epochSeconds(Number(`${s}.${String(us).padStart(6, '0')}`)))
      }),
    ))

  it.each([
    ['2026-03-02T08:15:30+01:00', '2026-03-02T07:15:30.000Z'],
    ['2026-03-02T08:15:30-0430', '2026-03-02T12:45:30.000Z'],
    ['2026-03-02T08:15:30+05', '2026-03-02T03:15:30.000Z'],
    ['2026-03-02t08:15:30z', '2026-03-02T08:15:30.000Z'],
    ['2026-03-02 08:15:30,5', '2026-03-02T08:15:30.500Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('reads %s as %s', (text, utc) => expect(isoTime(text)).toBe(Date.parse(utc)))

  it.each([
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2026-03-02T24:00:00Z',
    '2026-03-02T08:60:00Z',
    '2026-03-02T08:15:61Z',
    '2026-03-02T08:15Z',
    '2026-03-02T08:15:30.Z',
    '2026-03-02T08:15:30 UTC',
    '2026-03-02T08:15:30+1:00',
    '+02026-03-02T08:15:30Z',
    'x026-03-02T08:15:30Z',
    '2026-03-02T08:15:30Z and more text that follows',
    '',
  ])('refuses %j', (text) => expect(isoTime(text)).toBeNull())
})

describe('clfTime', () => {
  it.each([
    ['22/Dec/2016:16:30:52 +0300', '2016-12-22T13:30:52.000Z'],
    ['01/Jan/2026:00:00:00 -1100', '2026-01-01T11:00:00.000Z'],
  ])('reads %s as %s', (text, utc) => expect(clfTime(text)).toBe(Date.parse(utc)))

  it.each([
    '32/Dec/2016:16:30:52 +0300',
    '22/Foo/2016:16:30:52 +0300',
    '22/Dec/2016:16:30:52',
    '22/Dec/2016 16:30:52 +0300',
  ])('refuses %j', (text) => expect(clfTime(text)).toBeNull())
})

describe('syslogTime', () => {
  const received = Date.parse('2026-01-01T06:00:00Z')

  it.each([
    ['Dec 31 23:59:59 host', '2025-12-31T23:59:59.000Z', 15],
    ['Jan  1 05:00:00 host', '2026-01-01T05:00:00.000Z', 15],
    ['Jan 2 05:00:00 host', '2026-01-02T05:00:00.000Z', 14],
    ['Jan 02 07:00:00 host', '2025-01-02T07:00:00.000Z', 15],
    ['Feb 29 00:00:00 host', '2024-02-29T00:00:00.000Z', 15],
  ])('reads %s in the latest year not a day ahead', (text, utc, length) =>
    expect(syslogTime(text, received)).toEqual({ ts: Date.parse(utc), length }),
  )

  it.each(['Foo  1 05:00:00', 'Jan 32 05:00:00', 'Jan  1 25:00:00', 'Jan  1', ''])('refuses %j', (text) =>
    expect(syslogTime(text, received)).toBeNull(),
  )

  it('finds a year whatever the arrival time', () =>
    fc.assert(
      fc.property(date('9990-01-01T00:00:00Z'), date('9990-01-01T00:00:00Z'), (event, arrival) => {
        const text = `${event.toUTCString().slice(8, 11)} ${event.getUTCDate()} ${event.toISOString().slice(11, 19)}`
        const stamp = syslogTime(text, arrival.getTime())
        expect(stamp!.ts).toBeLessThanOrEqual(arrival.getTime() + 86_400_000)
        expect(new Date(stamp!.ts).toISOString().slice(5, 19)).toBe(event.toISOString().slice(5, 19))
      }),
    ))
})

describe('epochNumber', () => {
  it.each([
    [1_772_439_330, 1_772_439_330_000],
    [1_772_439_330.123456, 1_772_439_330_123.456],
    [1_772_439_330_123, 1_772_439_330_123],
    [0, 0],
  ])('reads %d as %d ms', (value, ms) => expect(epochNumber(value)).toBe(ms))

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e17])('refuses %d', (value) =>
    expect(epochNumber(value)).toBeNull(),
  )
})
