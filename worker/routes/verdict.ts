import { z } from 'zod'
import type { Database } from '../../adapters/d1/database.ts'
import { IncidentVerdicts } from '../../adapters/d1/incident-verdicts.ts'
import { TrainingSamples } from '../../adapters/d1/training-samples.ts'
import { ANALYST_VERDICTS, type GivenVerdict, taughtClass } from '../../core/incidents/analyst-verdict.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { CLASSES, type ClassId } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'

const LONGEST_COMMENT = 2_000
const ClassNumber = z
  .number()
  .int()
  .min(0, 'a class is 0 to 6')
  .max(CLASSES.length - 1, 'a class is 0 to 6')
  .transform((id) => id as ClassId)
const Comment = z.string().trim().max(LONGEST_COMMENT)

export const VerdictBody = z.strictObject({
  verdict: z.enum(ANALYST_VERDICTS).nullable(),
  correct_class: ClassNumber.nullable().optional(),
  comment: Comment.nullable().optional(),
})

/** The same as a form sends it: no verdict takes back the one that stands, no class leaves the one that stands. */
export const VerdictForm = z
  .object({ verdict: z.string(), correct_class: z.string().optional(), comment: z.string().optional() })
  .transform(({ verdict, correct_class, comment }): unknown => ({
    verdict: verdict || null,
    correct_class: correct_class ? Number(correct_class) : null,
    comment: comment ?? null,
  }))
  .pipe(VerdictBody)

/** What a person says of an incident; with no verdict, that what analysts said is taken back. */
export type SaidOfIncident = z.output<typeof VerdictBody>

/**
 * Writes an analyst's verdict, or takes back the one that stands. Its training sample follows; where that fails the verdict
 * stands, and the sample follows by the hour.
 */
export async function giveVerdict(
  db: Database,
  incident: IncidentRow,
  { verdict, correct_class, comment }: SaidOfIncident,
  by: { actor: string; at: EpochMs },
): Promise<Result<void, { tag: 'class-contradicts-verdict' }>> {
  const key = incident.incident_key
  const verdicts = new IncidentVerdicts(db)
  if (verdict === null) await verdicts.takeBack(key, comment || null, by)
  else {
    const given: GivenVerdict = { verdict, correctClass: correct_class ?? null, comment: comment || null }
    const taught = taughtClass(given, incident)
    if (!taught.ok) return err({ tag: taught.error })
    await verdicts.give(key, given, taught.value, by)
  }
  const collected = await new TrainingSamples(db).collect(key, by.at)
  if (!collected.ok) console.error(JSON.stringify({ what: 'training sample', ...collected.error }))
  return ok(undefined)
}
