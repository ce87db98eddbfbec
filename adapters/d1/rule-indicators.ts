import type { CanonicalEvent } from '../../core/events/event.ts'
import { type NumberedEvent, ruleIndicators } from '../../core/rules/indicators.ts'
import type { RuleSet } from '../../core/rules/rule.ts'

const READ = 'SELECT n, event FROM incident_evidence WHERE incident_key = ?1 AND n <= ?2 ORDER BY n'
/** A later revision by the incident's owner merges its note and has no such part, so it stays. */
const WRITE = `UPDATE incidents SET triage_note = json_set(triage_note, '$.rules', json(?1)) WHERE incident_key = ?2`
/** Events held at once, without their lines: each may have some 20 KB of text, and an object has 128 MB in all. */
const AT_ONCE = 2_500

/** An incident whose evidence has grown, and how many events of it, the first ones, are looked at. */
export interface GrownEvidence {
  key: string
  upTo: number
}

/**
 * Matches the rules against the kept evidence of these incidents and writes what matched beside their other indicators; an
 * empty list where none did. It rests on what is stored alone: done again it changes nothing, and how the evidence came does
 * not matter. The incidents' rows must be there. Throws what D1 throws.
 */
export async function writeRuleIndicators(
  db: D1Database,
  grown: readonly GrownEvidence[],
  rules: RuleSet,
): Promise<void> {
  for (const part of together(grown)) {
    const read = await db.batch<{ n: number; event: string }>(
      part.map(({ key, upTo }) => db.prepare(READ).bind(key, upTo)),
    )
    await db.batch(
      read.map(({ results }, i) => {
        const evidence = results.map(
          ({ n, event }): NumberedEvent => ({ n, event: JSON.parse(event) as CanonicalEvent }),
        )
        return db.prepare(WRITE).bind(JSON.stringify(ruleIndicators(rules, evidence)), part[i]!.key)
      }),
    )
  }
}

/** As many incidents together as AT_ONCE allows: each part takes two calls, which in a flood is what counts. */
function* together(grown: readonly GrownEvidence[]): Generator<GrownEvidence[], undefined> {
  let part: GrownEvidence[] = []
  let events = 0
  for (const one of grown) {
    if (part.length > 0 && events + one.upTo > AT_ONCE) {
      yield part
      part = []
      events = 0
    }
    part.push(one)
    events += one.upTo
  }
  if (part.length > 0) yield part
}
