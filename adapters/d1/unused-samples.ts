import { z } from 'zod'
import type { TrainingSample } from '../../core/learning/retraining/training-data.ts'
import { TRUSTS } from '../../core/store/schema.ts'
import { CLASSES } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** What no run has learned, that somebody labelled before a moment: later labels belong to the next run. */
const UNUSED = `FROM training_samples WHERE used_for_training = 0 AND correct_label IS NOT NULL AND features IS NOT NULL
  AND schema_hash = ?1 AND labelled_at <= ?2`
const PAGE = `SELECT id, features, correct_label, trust, src_ip, seen_at ${UNUSED} AND id < ?3 ORDER BY id DESC LIMIT ?4`

const Features = z.array(z.number().nullable())
const Row = z.object({
  id: z.number().int(),
  features: z.string().transform((text, context) => {
    const read = Features.safeParse(parsed(text))
    if (read.success) return Float32Array.from(read.data, (value) => value ?? Number.NaN)
    context.addIssue('no list of numbers')
    return z.NEVER
  }),
  correct_label: z.enum(CLASSES.map(({ name }) => name)),
  trust: z.enum(TRUSTS),
  src_ip: z.string(),
  seen_at: z.number(),
})

export interface SamplePage {
  samples: TrainingSample[]
  /** Rows that are no samples. */
  skipped: number
  /** Where the next page begins; null: this was the last. */
  next: number | null
}

/**
 * Unused samples, newest first.
 * @param columns features that a sample must have
 * @param before only samples with a lower id; null for the newest
 */
export async function unusedSamples(
  { $client: db }: Database,
  schema: { hash: string; columns: number },
  labelledBy: EpochMs,
  before: number | null,
  limit: number,
): Promise<SamplePage> {
  const { results } = await db
    .prepare(PAGE)
    .bind(schema.hash, labelledBy, before ?? Number.MAX_SAFE_INTEGER, limit)
    .all<Record<string, unknown>>()
  const samples = results.flatMap((row): TrainingSample[] => {
    const read = Row.safeParse(row)
    if (!read.success || read.data.features.length !== schema.columns) return []
    const { id, features, correct_label, trust, src_ip, seen_at } = read.data
    return [
      {
        id,
        features,
        label: CLASSES.findIndex(({ name }) => name === correct_label),
        trust,
        source: src_ip,
        seenAt: seen_at,
      },
    ]
  })
  const last = results.at(-1)
  return {
    samples,
    skipped: results.length - samples.length,
    next: results.length < limit || !last ? null : Number(last.id),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
