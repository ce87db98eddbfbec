import { describe, expect, it } from 'vitest'
import { refuseOutOfRange } from '../../../core/events/bounds.ts'

const at = (ts: string) => ({ ts: Date.parse(ts), src_ip: '203.0.113.9', event_type: 'flow' })
const receivedAt = Date.parse('2026-03-02T12:00:00Z')

describe('refuseOutOfRange', () => {
  it.each(['2000-01-01T00:00:00Z', '2026-03-02T12:00:00Z', '2026-03-03T12:00:00Z'])('lets %s pass', (ts) =>
    expect(refuseOutOfRange(at(ts), receivedAt)).toEqual({ ok: true, value: at(ts) }),
  )

  it.each([
    ['1970-01-01T00:00:15Z', 'event time 1970-01-01T00:00:15.000Z is before 2000-01-01T00:00:00.000Z'],
    [
      '2100-01-01T00:00:00Z',
      'event time 2100-01-01T00:00:00.000Z is more than 24 hours after its arrival at 2026-03-02T12:00:00.000Z',
    ],
    [
      '2026-03-03T12:00:00.001Z',
      'event time 2026-03-03T12:00:00.001Z is more than 24 hours after its arrival at 2026-03-02T12:00:00.000Z',
    ],
  ])('refuses %s and says why', (ts, why) =>
    expect(refuseOutOfRange(at(ts), receivedAt)).toEqual({ ok: false, error: why }),
  )
})
