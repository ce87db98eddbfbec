import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../core/circuit-breaker.ts'

const OPTIONS = { failures: 3, waitMs: 1_000, longestWaitMs: 8_000, trialMs: 500 }
const opened = (at = 0) => {
  const breaker = new CircuitBreaker(OPTIONS)
  for (let i = 0; i < 3; i++) {
    breaker.lets(at)
    breaker.failed(at)
  }
  return breaker
}

describe('a circuit breaker', () => {
  it('opens after three failures in a row and not after three with a success between', () => {
    const breaker = new CircuitBreaker(OPTIONS)
    for (const outcome of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) {
      expect(breaker.lets(0)).toBe(true)
      breaker[outcome](0)
    }
    expect(breaker.state(0)).toBe('closed')
    breaker.failed(0)
    expect(breaker.state(0)).toBe('open')
    expect(breaker.lets(999)).toBe(false)
  })

  it('lets one probe through after the wait, and closes when that succeeds', () => {
    const breaker = opened()
    expect(breaker.state(1_000)).toBe('half-open')
    expect([breaker.lets(1_000), breaker.lets(1_000), breaker.lets(1_100)]).toEqual([true, false, false])
    breaker.succeeded()
    expect([breaker.lets(1_100), breaker.lets(1_100)]).toEqual([true, true])
  })

  it('waits twice as long after each probe that fails, up to a bound', () => {
    const breaker = opened()
    let now = 0
    for (const wait of [1_000, 2_000, 4_000, 8_000, 8_000]) {
      expect(breaker.lets(now + wait - 1)).toBe(false)
      now += wait
      expect(breaker.lets(now)).toBe(true)
      breaker.failed(now)
    }
  })

  it('takes a probe that nobody answers for failed', () => {
    const breaker = opened()
    expect(breaker.lets(1_000)).toBe(true)
    expect(breaker.lets(1_499)).toBe(false)
    expect(breaker.lets(1_500)).toBe(false)
    expect(breaker.lets(3_499)).toBe(false)
    expect(breaker.lets(3_500)).toBe(true)
  })

  it('does not wait longer because calls of before it opened fail late', () => {
    const breaker = opened()
    for (let i = 0; i < 10; i++) breaker.failed(900)
    expect(breaker.lets(1_000)).toBe(true)
  })

  it('comes back within the longest wait and one probe, whatever happened before', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.nat(5_000), what: fc.constantFrom('lets', 'failed', 'succeeded') }), {
          maxLength: 60,
        }),
        (history) => {
          const breaker = new CircuitBreaker(OPTIONS)
          let now = 0
          for (const { step, what } of history) {
            now += step
            breaker[what as 'lets' | 'failed'](now)
          }
          const latest = now + OPTIONS.trialMs + OPTIONS.longestWaitMs
          // Asked now and then, as callers do.
          const comesBack = Array.from({ length: 20 }, (_, i) => now + (i * (latest - now)) / 10).some((at) =>
            breaker.lets(at),
          )
          expect(comesBack).toBe(true)
          breaker.succeeded()
          expect(breaker.lets(latest * 2)).toBe(true)
        },
      ),
    ))
})
