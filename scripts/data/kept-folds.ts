import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { SCHEMA_HASH } from '../../core/features/schema.ts'
import type { FoldScore, ReadCapture } from '../../core/learning/leave-one-out.ts'
import { shippedOptions } from '../../core/learning/shipped-options.ts'

/** What the folds' scores depend on, as far as a file can say; the trainer's own code is not among it. */
interface FoldsOf {
  seed: number
  schema: string
  options: string
  captures: { name: string; events: number }[]
}

const Kept = z.object({
  of: z.object({
    seed: z.number(),
    schema: z.string(),
    options: z.string(),
    captures: z.array(z.object({ name: z.string(), events: z.number() })),
  }),
  scores: z.array(z.unknown()),
})

/**
 * The folds' scores out of `file`, or newly made by `score` and kept there, so that rules can be tried without training
 * again. Throws when the file is of other captures, another seed, schema or other options.
 */
export async function keptFolds(
  file: string | undefined,
  captures: readonly ReadCapture[],
  seed: number,
  score: () => Promise<FoldScore[]>,
): Promise<FoldScore[]> {
  if (file === undefined) return score()
  const of: FoldsOf = {
    seed,
    schema: SCHEMA_HASH,
    options: JSON.stringify(shippedOptions(seed).members),
    captures: captures.map(({ name, events }) => ({ name, events: events.length })),
  }
  if (existsSync(file)) {
    const kept = Kept.parse(JSON.parse(readFileSync(file, 'utf8')))
    if (JSON.stringify(kept.of) !== JSON.stringify(of))
      throw new Error(`${file} holds the folds of other data, another seed or another trainer; remove it`)
    return kept.scores as FoldScore[]
  }
  const scores = await score()
  writeFileSync(file, JSON.stringify({ of, scores }, typedArrays))
  return scores
}

/** As plain arrays: JSON would write a typed array as an object. */
const typedArrays = (_key: string, value: unknown): unknown =>
  value instanceof Float32Array || value instanceof Float64Array ? [...value] : value
