import { describe, expect, it } from 'vitest'
import { placeBatch } from '../../../core/window/timeline.ts'

const NOW = Date.UTC(2026, 2, 1, 12)
const MINUTE = 60_000
const batch = (agoMs: number, more: object = {}) => ({
  stream: '',
  newestTs: NOW - agoMs,
  oldestTs: NOW - agoMs - MINUTE,
  receivedAt: NOW,
  ...more,
})

describe('the time line of a batch', () => {
  it('is live when its newest event is at most five minutes old', () => {
    expect(placeBatch(batch(4 * MINUTE), undefined)).toMatchObject({ timeline: 'live', live: true })
    expect(placeBatch(batch(6 * MINUTE), undefined)).toMatchObject({ timeline: '#0', live: false })
  })

  it('is a replay when it also reaches back over an hour', () => {
    expect(placeBatch(batch(0, { oldestTs: NOW - 90 * MINUTE }), undefined).live).toBe(false)
  })

  it('of a named stream stays what its first batch was: the end of a replayed day does not turn live', () => {
    const first = placeBatch(batch(20 * 60 * MINUTE, { stream: 'day' }), undefined)
    expect(placeBatch(batch(0, { stream: 'day' }), first)).toMatchObject({ timeline: 'day#0', live: false })
    const tail = placeBatch(batch(0, { stream: 'tail' }), undefined)
    expect(placeBatch(batch(60 * MINUTE, { stream: 'tail' }), tail).live).toBe(true)
  })

  it('begins anew when a replay goes back by over an hour, and not before', () => {
    const old = placeBatch(batch(50 * 60 * MINUTE), undefined)
    expect(placeBatch(batch(50.5 * 60 * MINUTE), old).timeline).toBe('#0')
    const again = placeBatch(batch(90 * 60 * MINUTE), old)
    expect(again).toMatchObject({ timeline: '#1', newestTs: NOW - 90 * 60 * MINUTE })
  })

  it('is not moved ahead by a source whose clock runs a day fast', () => {
    expect(placeBatch(batch(-24 * 60 * MINUTE), undefined).newestTs).toBe(NOW + 2 * MINUTE)
  })
})
