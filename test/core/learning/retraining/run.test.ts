import { describe, expect, it } from 'vitest'
import {
  attempted,
  ended,
  entered,
  failedAttempt,
  isGoingOn,
  MOST_ATTEMPTS,
  newRun,
  retryAfterMs,
  type TrainingRun,
} from '../../../../core/learning/retraining/run.ts'
import { decodeSamples, encodeSamples } from '../../../../core/learning/retraining/sample-bytes.ts'
import type { TrainingSample } from '../../../../core/learning/retraining/training-data.ts'
import { expectedEnd, shareDone, unitsInStep } from '../../../../core/learning/retraining/unit-cost.ts'

const AT = Date.UTC(2026, 10, 24, 12)
const run = newRun('a test', 'picket', AT)

const failing = (one: TrainingRun, times: number): TrainingRun => {
  let next = one
  for (let i = 0; i < times; i++) next = failedAttempt(attempted(next), 'it is down', AT + i)
  return next
}

describe('a step that fails', () => {
  it('is tried again, and given up with the reason after too many times', () => {
    const before = failing(entered(run, 'balance'), MOST_ATTEMPTS - 1)
    expect(before).toMatchObject({ step: 'balance', outcome: null, lastError: 'it is down' })
    const after = failing(before, 1)
    expect(after).toMatchObject({ step: 'record', outcome: { kind: 'failed' }, lastError: 'it is down' })
    expect(after.outcome!.why).toBe(`Balancing the classes failed ${MOST_ATTEMPTS} times: it is down`)
  })

  it('is tried for ever when all that is left is to record the end', () => {
    const over = ended(run, 'stopped', 'stopped by user:admin', AT)
    expect(failing(over, 3 * MOST_ATTEMPTS)).toMatchObject({ step: 'record', outcome: { kind: 'stopped' } })
    expect(isGoingOn(failing(over, 3 * MOST_ATTEMPTS))).toBe(true)
  })

  it('is waited for longer each time, and never longer than a minute', () => {
    const waits = Array.from({ length: 2_000 }, (_, i) => retryAfterMs(i + 1))
    expect(waits.slice(0, 6)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000])
    expect(Math.max(...waits)).toBe(60_000)
  })
})

it('ends once: one that was stopped does not pass, and its model is not named', () => {
  const stopped = ended({ ...run, version: '20261124-00000000' }, 'stopped', 'stopped by user:admin', AT)
  expect(ended(stopped, 'passed', 'it passed every check', AT + 1)).toBe(stopped)
  expect(stopped.version).toBeNull()
})

it('gives back the samples that were written down, absent values too', () => {
  const samples: TrainingSample[] = [1, 2, 3].map((id) => ({
    id,
    features: Float32Array.of(id, Number.NaN, -0.5),
    label: id,
    trust: 'council',
    source: `203.0.113.${id} é`,
    seenAt: AT + id,
  }))
  const bytes = encodeSamples(samples)
  expect(decodeSamples(bytes)).toEqual(samples)
  expect(decodeSamples(encodeSamples([]))).toEqual([])
})

describe('units of training', () => {
  it('fit a step: one of a large training, many of a small one', () => {
    expect(unitsInStep('network', 40_000)).toBe(1)
    expect(unitsInStep('forest', 1_000)).toBe(100)
    expect(unitsInStep('boosting', 0)).toBeGreaterThan(1)
  })

  it('tell when training will end, by what they cost', () => {
    const units = [{ member: 'forest' }, { member: 'boosting' }, { member: 'network' }] as const
    expect(shareDone(units, 0)).toBe(0)
    expect(shareDone(units, 3)).toBe(1)
    expect(shareDone(units, 2)).toBeCloseTo(13 / 48)
    expect(expectedEnd(AT, AT + 1_000, 0.25)).toBe(AT + 4_000)
    expect(expectedEnd(AT, AT + 1_000, 0.001)).toBeNull()
  })
})
