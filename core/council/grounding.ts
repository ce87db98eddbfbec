import { fieldsAt } from '../incidents/evidence-view.ts'
import { visibleText } from '../incidents/visible-text.ts'
import type { EvidencePack, PackEvent } from './evidence-pack.ts'
import type { Citation, Opinion, StatedFact } from './verifier.ts'

/** A citation after it was held against the evidence. */
export interface CheckedCitation extends Citation {
  /** Why it is struck; null where it stands. */
  struck: string | null
  /** Facts of it that were found so in the event. */
  checked: number
}

/** An opinion whose citations were checked. Struck ones stay, so that they can be shown struck. */
export interface GroundedOpinion extends Omit<Opinion, 'citations'> {
  citations: CheckedCitation[]
}

/** Source logs round to seconds, and so do people. */
const TIME_TOLERANCE_MS = 1_000

/**
 * Holds every citation against the evidence: the event must exist and be among those that the verifier was shown, and
 * every fact that is stated of it must be so. A citation with one false fact is struck whole.
 * @param visible the events that this verifier could see
 * @param restore puts masked values back into a stated value
 */
export function ground(
  opinion: Opinion,
  visible: readonly PackEvent[],
  pack: EvidencePack,
  restore: (text: string) => string = (text) => text,
): GroundedOpinion {
  const byNumber = new Map(visible.map((event) => [event.n, event]))
  return {
    ...opinion,
    citations: opinion.citations.map((citation) => {
      const cited = byNumber.get(citation.evidence)
      if (!cited) return { ...citation, struck: `there is no E${citation.evidence}`, checked: 0 }
      const wrong = citation.facts.map((fact) => whyWrong(fact, cited, pack, restore)).find((why) => why !== null)
      return { ...citation, struck: wrong ?? null, checked: wrong === undefined ? citation.facts.length : 0 }
    }),
  }
}

/** True when at least one citation stands. */
export const isGrounded = ({ citations }: GroundedOpinion): boolean => citations.some(({ struck }) => struck === null)

/** Why the event does not say so; null when it does. */
function whyWrong(
  { field, value }: StatedFact,
  { n, event }: PackEvent,
  pack: EvidencePack,
  restore: (text: string) => string,
): string | null {
  if (field === 'count') {
    const count = pack.byType.find(({ eventType }) => eventType === event.event_type)?.events ?? 0
    return sameText(value, String(count)) ? null : `${count} events of ${event.event_type}, not ${value}`
  }
  const found = fieldsAt(event, field)
  if (found.length === 0) return `E${n} has no field ${field}`
  if (field === 'ts') return sameTime(value, event.ts) ? null : `E${n} is of ${new Date(event.ts).toISOString()}`
  const stated = restore(value)
  return found.some((one) => sameText(stated, one.value) || sameText(stated, visibleText(one.value)))
    ? null
    : `${field} of E${n} is another`
}

function sameText(stated: string, actual: string): boolean {
  if (stated.trim().toLowerCase() === actual.trim().toLowerCase()) return true
  // A long value was cut where it was shown.
  if (stated.length >= 24 && stated.endsWith('…')) return actual.startsWith(stated.slice(0, -1))
  return stated.trim() !== '' && actual.trim() !== '' && Number(stated) === Number(actual)
}

function sameTime(stated: string, ts: number): boolean {
  const at = /^\d{12,14}(?:\.\d+)?$/.test(stated.trim()) ? Number(stated) : Date.parse(stated)
  return Math.abs(at - ts) <= TIME_TOLERANCE_MS
}
