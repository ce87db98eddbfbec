import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  filterOf,
  INCIDENT_ORDERS,
  IncidentQuery,
  parseIncidentQuery,
  writeCursor,
} from '../../../core/incidents/query.ts'

const filter = (query: Record<string, string>) => filterOf(IncidentQuery.parse(query))
const refused = (query: Record<string, string>) => !IncidentQuery.safeParse(query).success

describe('incident query', () => {
  it('nothing asked for is no filter, newest first, fifty a page', () => {
    expect(filter({})).toEqual({})
    expect(IncidentQuery.parse({})).toMatchObject({ sort: 'newest', limit: 50 })
  })

  it('open stands for new, investigating and contained', () => {
    expect(filter({ status: 'open' }).status).toEqual(['new', 'investigating', 'contained'])
    expect(filter({ status: 'resolved,new,open' }).status).toEqual(['resolved', 'new', 'investigating', 'contained'])
  })

  it('all is no filter, and so is a blank field of a form', () => {
    expect(filter({ status: 'all' })).toEqual({})
    expect(filterOf(parseIncidentQuery({ status: '', class: ' ', q: undefined, src_ip: '' }).data!)).toEqual({})
  })

  it('reads lists of classes and severities', () => {
    expect(filter({ class: '3,4', severity: 'high, critical' })).toEqual({
      classes: [3, 4],
      severity: ['high', 'critical'],
    })
  })

  it.each([
    ['198.51.100.7', ['198.51.100.7']],
    ['::ffff:198.51.100.7', ['198.51.100.7']],
    ['2001:DB8:0:0:1::9', ['2001:db8::1:0:0:9', '2001:db8:0:0::/64']],
    ['2001:db8::/64', ['2001:db8::', '2001:db8:0:0::/64']],
  ])('an incident of %s is looked for as %j', (text, spellings) => {
    expect(filter({ src_ip: text }).sources).toEqual(spellings)
  })

  it.each([
    ['2017-07-05', Date.UTC(2017, 6, 5)],
    ['2017-07-05T10:30', Date.UTC(2017, 6, 5, 10, 30)],
    ['2017-07-05T10:30:01.5Z', Date.UTC(2017, 6, 5, 10, 30, 1, 500)],
    ['2017-07-05T10:30:00+02:00', Date.UTC(2017, 6, 5, 8, 30)],
    ['2017-07-05T10:30:00 02:00', Date.UTC(2017, 6, 5, 8, 30)],
  ])('%s is a time', (text, ms) => {
    expect(filter({ from: text }).from).toBe(ms)
  })

  it.each<Record<string, string>>([
    { status: 'closed' },
    { class: '7' },
    { severity: 'bad' },
    { src_ip: '1.2.3' },
    { src_ip: "1.2.3.4' or 1=1 --" },
    { from: 'yesterday' },
    { to: '2017-13-45' },
    { limit: '0' },
    { limit: '201' },
    { limit: 'ten' },
    { sort: 'password_hash' },
    { cursor: 'bm90IGpzb24' },
    { cursor: '%%%' },
    { q: 'x'.repeat(201) },
  ])('refuses %j', (query) => {
    expect(refused(query)).toBe(true)
  })

  it('a cursor is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...INCIDENT_ORDERS),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.nat(),
        (order, key, id) => {
          const cursor = { order, key: key === 0 ? 0 : key, id }
          expect(IncidentQuery.parse({ cursor: writeCursor(cursor), sort: order }).cursor).toEqual(cursor)
        },
      ),
    )
  })
})
