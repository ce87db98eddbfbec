import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Comparison, gate } from '../../../../core/learning/retraining/gate.ts'

const ROWS = 2_000
/** Twenty sources of a hundred rows, classes in turn; each model is wrong in the rows named, and as sure as it is right. */
function comparison(servingWrong: (row: number) => boolean, candidateWrong: (row: number) => boolean): Comparison {
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => row % 7)
  const decisions = (isWrong: (row: number) => boolean) => {
    const decided = labels.map((label, row) => (isWrong(row) ? (label + 1) % 7 : label))
    const right = decided.filter((one, row) => one === labels[row]).length
    return { decided, confidence: new Float32Array(ROWS).fill(right / ROWS) }
  }
  return {
    labels,
    groups: Int32Array.from({ length: ROWS }, (_, row) => Math.floor(row / 100)),
    serving: decisions(servingWrong),
    candidate: decisions(candidateWrong),
  }
}
const never = () => false
const every = (n: number) => (row: number) => row % n === 0
const failed = (report: ReturnType<typeof gate>) =>
  report.checks.filter(({ passed }) => !passed).map(({ name }) => name)

describe('the gate', () => {
  const better = comparison(every(9), every(15))
  const golden = comparison(every(10), every(10))

  it('lets a model pass that is clearly better, and says by how much', () => {
    const report = gate(better, golden, 1)
    expect(failed(report)).toEqual([])
    expect(report).toMatchObject({ passed: true })
    expect(report.checks[0]!.why).toBe('+4.45 points on 2000 validation rows; at least +1.00 points are asked')
  })

  it('asks for a whole point of accuracy', () => {
    const gains = (rows: number) =>
      gate(
        comparison((row) => row < rows, never),
        golden,
        1,
      ).checks[0]!.passed
    expect([gains(19), gains(20), gains(21)]).toEqual([false, true, true])
  })

  it('refuses a model that gives up one class for the others', () => {
    const report = gate(
      comparison(every(5), (row) => row % 7 === 4 && row % 5 < 2),
      golden,
      1,
    )
    expect(failed(report)).toEqual(['class F1'])
    expect(report.checks[1]!.why).toContain('Web Application Attack changes most for the worse')
  })

  it('refuses a model that is surer than it may be', () => {
    const rows = comparison(every(9), every(15))
    rows.candidate.confidence.fill(1)
    expect(failed(gate(rows, golden, 1))).toEqual(['calibration'])
  })

  it('refuses a model that is worse by a single row of the golden set', () => {
    expect(
      failed(
        gate(
          better,
          comparison(every(10), (row) => row % 10 === 0 || row === 1),
          1,
        ),
      ),
    ).toEqual(['golden set'])
  })

  it('refuses a gain that one source makes', () => {
    const oneSource = comparison(
      (row) => row >= 100 && row < 130,
      (row) => row >= 200 && row < 205,
    )
    expect(failed(gate(oneSource, golden, 1))).toEqual(['bootstrap'])
  })

  it('passes nothing that cannot be told', () => {
    const none: Comparison = {
      labels: new Uint8Array(),
      groups: new Int32Array(),
      serving: { decided: new Uint8Array(), confidence: new Float32Array() },
      candidate: { decided: new Uint8Array(), confidence: new Float32Array() },
    }
    expect(failed(gate(none, none, 1))).toEqual(['accuracy', 'class F1', 'calibration', 'golden set', 'bootstrap'])
  })

  it('never passes a model against itself, whatever it gets wrong', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(), (n, seed) => {
        expect(gate(comparison(every(n), every(n)), golden, seed).passed).toBe(false)
      }),
      { numRuns: 20 },
    ))
})
