import type { CanonicalEvent } from '../../core/events/event.ts'
import { type NumberedEvent, ruleIndicators } from '../../core/rules/indicators.ts'
import type { RuleSet } from '../../core/rules/rule.ts'

const READ = 'SELECT n, event FROM incident_evidence WHERE incident_key = ?1 ORDER BY n'
/** A later revision by the incident's owner merges its note and has no such part, so it stays. */
const WRITE = `UPDATE incidents SET triage_note = json_set(triage_note, '$.rules', json(?1)) WHERE incident_key = ?2`
/** Incidents whose evidence is held at once: of each 500 events, without their lines. */
const AT_ONCE = 5

/**
 * Matches the rules against all kept evidence of these incidents and writes what matched beside their other indicators; an
 * empty list where none did. It rests on what is stored alone: done again it changes nothing, and how the evidence came does
 * not matter. The incidents' rows must be there. Throws what D1 throws.
 */
export async function writeRuleIndicators(db: D1Database, keys: readonly string[], rules: RuleSet): Promise<void> {
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    const some = keys.slice(from, from + AT_ONCE)
    const read = await db.batch<{ n: number; event: string }>(some.map((key) => db.prepare(READ).bind(key)))
    await db.batch(
      read.map(({ results }, i) => {
        const evidence = results.map(
          ({ n, event }): NumberedEvent => ({ n, event: JSON.parse(event) as CanonicalEvent }),
        )
        return db.prepare(WRITE).bind(JSON.stringify(ruleIndicators(rules, evidence)), some[i])
      }),
    )
  }
}
