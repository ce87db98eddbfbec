/** The parts of vitest's JSON report (5.x) that are counted. */
export interface VitestReport {
  testResults: {
    name: string
    status: string
    message?: string
    assertionResults: { status: string }[]
  }[]
}

export interface Outcome {
  passed: number
  failed: number
  skipped: number
  /** What failed outside of a test, in plain words. */
  notes: string[]
}

/**
 * Counts a run. What fails outside of a test counts as one failure each: a file that did not load or whose hooks failed,
 * an error that no test caught, a run that left no report. So `failed` is 0 only when nothing at all went wrong.
 * @param report null when vitest wrote none
 * @param exitCode vitest's own
 */
export function countOutcome(report: VitestReport | null, exitCode: number): Outcome {
  const outcome: Outcome = { passed: 0, failed: 0, skipped: 0, notes: [] }
  for (const { name, status, message, assertionResults } of report?.testResults ?? []) {
    const failedBefore = outcome.failed
    for (const { status } of assertionResults) {
      if (status === 'passed') outcome.passed++
      else if (status === 'failed') outcome.failed++
      else outcome.skipped++
    }
    if (status === 'failed' && outcome.failed === failedBefore) {
      outcome.failed++
      outcome.notes.push(`${name} failed outside of its tests${message ? `: ${message.split('\n')[0]}` : ''}`)
    }
  }
  const noTest = outcome.passed + outcome.failed + outcome.skipped === 0
  if (noTest) outcome.notes.push('no test ran')
  else if (exitCode !== 0 && outcome.failed === 0) {
    outcome.failed++
    outcome.notes.push(`vitest ended with code ${exitCode}: an error that no test caught, or a run that was broken off`)
  }
  return outcome
}

/** True when at least one test ran and nothing failed. */
export const isGood = ({ passed, failed }: Outcome): boolean => passed > 0 && failed === 0

export const closingLine = ({ passed, failed, skipped }: Outcome): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
