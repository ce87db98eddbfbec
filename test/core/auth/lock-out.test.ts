import { describe, expect, it } from 'vitest'
import { afterFailure, isLocked, type LoginState } from '../../../core/auth/lock-out.ts'

const failed = (times: number, now = 0): LoginState => {
  let state: LoginState = { failures: 0, lockedUntil: null }
  for (let i = 0; i < times; i++) state = afterFailure(state, now)
  return state
}

describe('lock-out', () => {
  it('four wrong passwords lock nothing, the fifth does', () => {
    expect(isLocked(failed(4), 0)).toBe(false)
    expect(isLocked(failed(5), 0)).toBe(true)
  })

  it('the pause doubles with each further failure up to a quarter of an hour', () => {
    const pauses = [5, 6, 7, 8, 9, 10, 11, 40].map((times) => failed(times).lockedUntil! / 1000)
    expect(pauses).toEqual([30, 60, 120, 240, 480, 900, 900, 900])
  })

  it('the lock ends at its own time', () => {
    const state = failed(5, 1000)
    expect(isLocked(state, 30_999)).toBe(true)
    expect(isLocked(state, 31_000)).toBe(false)
  })
})
