import { featureIndex } from '../features/schema.ts'
import type { ClassId, Severity } from '../taxonomy.ts'
import { CLASSES, SEVERITIES } from '../taxonomy.ts'

const BASE: Record<Severity, number> = { none: 0, low: 20, medium: 40, high: 60, critical: 80 }
const FAILURES_BEFORE_SUCCESS = featureIndex('failures_before_success')
const DOWNLOAD_EXECUTE = featureIndex('download_execute_share')
const SUCCESSES = featureIndex('successes')
const DESTINATIONS = featureIndex('distinct_destinations')

/** What in the window says that the attack went through. */
export interface SuccessEvidence {
  loginAfterGuessing: boolean
  programStarted: boolean
}

/** A person may mistype a few times; over five failures before a success count as guessing (taxonomy.md). */
const GUESSES = 5

export function successEvidence(row: ArrayLike<number>): SuccessEvidence {
  return {
    loginAfterGuessing: row[FAILURES_BEFORE_SUCCESS]! > GUESSES,
    programStarted: row[DOWNLOAD_EXECUTE]! > 0 && row[SUCCESSES]! > 0,
  }
}

/** The class's severity, one step up when the attack went through. */
export function severityOf(threatClass: ClassId, success: SuccessEvidence): Severity {
  const base = SEVERITIES.indexOf(CLASSES[threatClass].severity)
  const raised = success.loginAfterGuessing || success.programStarted ? 1 : 0
  return SEVERITIES[Math.min(SEVERITIES.length - 1, base + raised)]!
}

/**
 * 0-100: severity scaled by the probability that it is so, with up to 12 points for evidence of success and up to 8 for
 * spread over targets. Doubt lowers it.
 */
export function riskScore(
  severity: Severity,
  confidence: number,
  success: SuccessEvidence,
  row: ArrayLike<number>,
): number {
  const spread = Math.min(8, 2 * Math.log2(Math.max(1, row[DESTINATIONS]! || 1)))
  const gone = (success.loginAfterGuessing ? 6 : 0) + (success.programStarted ? 6 : 0)
  return Math.round(10 * Math.min(100, confidence * (BASE[severity] + spread + gone))) / 10
}

const ESCALATION: Record<Severity, string> = {
  none: 'none',
  low: 'monitor',
  medium: 'monitor',
  high: 'analyst',
  critical: 'urgent',
}

/** Who should look, by severity: nobody, whoever has time, an analyst, an analyst now. */
export const escalationOf = (severity: Severity): string => ESCALATION[severity]
