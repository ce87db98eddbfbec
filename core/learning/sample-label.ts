import type { Trust } from '../store/schema.ts'
import type { EpochMs } from '../time.ts'

/** One verdict on an incident, by the council or an analyst. Kept for ever: later ones do not change it. */
export interface GivenLabel {
  /** Grows with time. */
  id: number
  trust: Exclude<Trust, 'weak'>
  /** Null: an analyst took back what analysts had said. */
  verdict: string | null
  /** Name of the class that it says is right; null when it names none (INVESTIGATE). */
  label: string | null
  actor: string
  at: EpochMs
}

/** What a trainer may learn of a sample. */
export interface LabelInForce {
  /** Null: nobody knows; the sample teaches nothing. */
  label: string | null
  trust: Trust
  labelledBy: string
  labelledAt: EpochMs
  /** What the council says, whoever is followed. */
  councilVerdict: string | null
  councilLabel: string | null
}

/** Who labels a sample that nobody judged: the model itself, where it was sure. */
export const ENSEMBLE = 'ensemble'

/**
 * Conflicting labels by trust and then by time: the newest of the analysts, unless it was taken back; else the newest of
 * the council; else the ensemble's own, where it trusted itself. A council that could not decide gives no label: neither
 * the model's own answer nor Normal.
 */
export function labelInForce(
  verdicts: readonly GivenLabel[],
  ensemble: { prediction: string; isTrusted: boolean; at: EpochMs },
): LabelInForce {
  const newest = (trust: GivenLabel['trust']) =>
    verdicts.filter((one) => one.trust === trust).reduce<GivenLabel | null>(later, null)
  const council = newest('council')
  const analyst = newest('analyst')
  const followed = analyst !== null && analyst.verdict !== null ? analyst : council
  const ofCouncil = { councilVerdict: council?.verdict ?? null, councilLabel: council?.label ?? null }
  if (followed) {
    const { label, trust, actor, at } = followed
    return { label, trust, labelledBy: actor, labelledAt: at, ...ofCouncil }
  }
  return {
    label: ensemble.isTrusted ? ensemble.prediction : null,
    trust: 'weak',
    labelledBy: ENSEMBLE,
    labelledAt: ensemble.at,
    ...ofCouncil,
  }
}

const later = (a: GivenLabel | null, b: GivenLabel): GivenLabel => (a === null || b.id > a.id ? b : a)
