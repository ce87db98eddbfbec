import type { EvidenceSample, SampledEvent } from './evidence-sample.ts'
import { EVIDENCE_KEPT } from './messages.ts'
import type { OpenIncident } from './standing.ts'

/** Evidence grows with the incident: again each time its events have grown by half. */
const AGAIN_AT = 1.5

/**
 * Events of the sample that the incident does not hold yet, and the incident with them noted. The first is number
 * `open.evidence.length + 1`. Empty while the incident has not grown enough or holds 500.
 */
export function handOut(open: OpenIncident, sample: EvidenceSample): { open: OpenIncident; places: SampledEvent[] } {
  if (open.evidence.length >= Math.min(EVIDENCE_KEPT, open.events) || open.events < open.evidenceAt * AGAIN_AT)
    return { open, places: [] }
  const known = new Set(open.evidence)
  const { firstSeen, lastSeen } = open
  const places = sample
    .places(EVIDENCE_KEPT)
    .filter(({ rank, ts }) => ts >= firstSeen && ts <= lastSeen && !known.has(rank))
  // Some of the source's events in that time may belong to an incident of another class.
  const taken = places.slice(0, Math.min(EVIDENCE_KEPT, open.events) - open.evidence.length)
  return {
    open: { ...open, evidence: [...open.evidence, ...taken.map(({ rank }) => rank)], evidenceAt: open.events },
    places: taken,
  }
}
