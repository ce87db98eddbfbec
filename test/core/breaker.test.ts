import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Breaker, begun, breakerState, CLOSED, callsAllowed, failed, succeeded } from '../../core/breaker.ts'

const failTimes = (times: number, now: number, from: Breaker = CLOSED) =>
  Array.from({ length: times }).reduce<Breaker>((breaker) => failed(breaker, now, false), from)

it('opens after five failures in a row, not before, and not when one in between succeeded', () => {
  expect(breakerState(failTimes(4, 0), 0)).toBe('closed')
  expect(breakerState(failTimes(5, 0), 0)).toBe('open')
  expect(breakerState(failTimes(4, 0, succeeded()), 0)).toBe('closed')
})

it('lets one call try when the wait is over, and waits twice as long after each that fails, half an hour at most', () => {
  let breaker = failTimes(5, 0)
  let now = 0
  const waits: number[] = []
  for (let i = 0; i < 9; i++) {
    waits.push(breaker.openUntil - now)
    now = breaker.openUntil
    expect(callsAllowed(breaker, now - 1)).toBe(0)
    expect(callsAllowed(breaker, now)).toBe(1)
    const trial = begun(breaker, now)
    expect(callsAllowed(trial, now)).toBe(0)
    breaker = failed(trial, now, true)
  }
  expect(waits.map((ms) => ms / 60_000)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30])
  expect(succeeded()).toEqual(CLOSED)
})

it('a trial whose end is never heard frees the next one within a minute', () => {
  const open = failTimes(5, 0)
  const trial = begun(open, open.openUntil)
  expect(callsAllowed(trial, open.openUntil + 59_999)).toBe(0)
  expect(callsAllowed(trial, open.openUntil + 60_000)).toBe(1)
})

it('never lets more than one call begin between opening and the next success, whatever happens in what order', () =>
  fc.assert(
    fc.property(
      fc.array(fc.record({ after: fc.nat(100_000), what: fc.constantFrom('begin', 'fail', 'succeed') })),
      (steps) => {
        let breaker = failTimes(5, 0)
        let now = 0
        let trialSince: number | null = null
        for (const { after, what } of steps) {
          now += after
          if (what === 'begin' && callsAllowed(breaker, now) > 0) {
            // A second trial only after the first ended, or was given up after a minute.
            if (trialSince !== null) expect(now - trialSince).toBeGreaterThanOrEqual(60_000)
            expect(callsAllowed(breaker, now)).toBe(1)
            breaker = begun(breaker, now)
            trialSince = now
          } else if (what === 'fail') {
            // Stragglers from before it opened do not move it.
            const before = breaker.openUntil
            breaker = failed(breaker, now, trialSince !== null)
            if (trialSince === null) expect(breaker.openUntil).toBe(before)
            trialSince = null
          } else if (what === 'succeed') return
        }
      },
    ),
  ))
