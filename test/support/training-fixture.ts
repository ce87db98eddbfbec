import { databaseOf } from '../../adapters/d1/database.ts'
import { SCHEMA_HASH } from '../../core/features/schema.ts'
import type { Dataset } from '../../core/learning/dataset.ts'
import { shippedOptions } from '../../core/learning/shipped-options.ts'
import type { TrainOptions } from '../../core/learning/train.ts'
import { trainingSamples } from '../../core/store/schema.ts'
import { CLASSES } from '../../core/taxonomy.ts'
import { madeData } from '../core/learning/made-data.ts'

/** Labels in D1 were given before it. */
export const LEARNING_NOW = Date.UTC(2026, 10, 24, 12)
const HOUR = 3_600_000

export const REHEARSAL: Dataset = madeData(200, 5)
export const GOLDEN: Dataset = madeData(80, 6)

/** Small members: a run takes a second. */
export function smallOptions(seed: number): TrainOptions {
  const options = shippedOptions(seed)
  const { forest, boosting, network, isolation } = options.members
  return {
    ...options,
    members: {
      ...options.members,
      forest: { ...forest, trees: 4 },
      boosting: { ...boosting, rounds: 3 },
      network: { ...network, epochs: 2 },
      isolation: { ...isolation, trees: 3 },
    },
  }
}

/** Stores labelled samples of made data, each of a source of its own, seen one after another. Gives their ids, rising. */
export async function storeSamples(
  binding: D1Database,
  rows: number,
  over: Partial<typeof trainingSamples.$inferInsert> = {},
): Promise<number[]> {
  const { features, labels, columns } = madeData(rows, 4)
  const values = Array.from({ length: rows }, (_, row) => {
    const own = features.subarray(row * columns, (row + 1) * columns)
    const label = CLASSES[labels[row]!]!.name
    return {
      sample_key: `window|test|${row}|${over.schema_hash ?? ''}${over.trust ?? ''}`,
      features: Array.from(own, (value) => (Number.isNaN(value) ? null : value)),
      schema_hash: SCHEMA_HASH,
      model_version: 'stand-in',
      ml_prediction: 'Normal',
      ml_confidence: 0.7,
      correct_label: label,
      trust: 'analyst' as const,
      labelled_by: 'user:analyst',
      labelled_at: LEARNING_NOW - HOUR,
      was_override: label !== 'Normal',
      src_ip: `203.0.${113 + (row >> 8)}.${row & 255}`,
      seen_at: LEARNING_NOW - (rows - row) * 60_000,
      created_at: LEARNING_NOW - HOUR,
      ...over,
    }
  })
  const db = databaseOf(binding)
  const [first, ...rest] = values.map((value) =>
    db.insert(trainingSamples).values(value).returning({ id: trainingSamples.id }),
  )
  return (await db.batch([first!, ...rest])).flatMap((rows) => rows.map(({ id }) => id))
}
