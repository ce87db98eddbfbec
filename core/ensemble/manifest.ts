import { z } from 'zod'
import { err, ok, type Result } from '../result.ts'
import { CLASS_COUNT } from '../taxonomy.ts'
import type { ModelManifest, ModelRefusal } from './prediction.ts'

const share = z.number().min(0).max(1)

const Manifest = z.object({
  version: z.string().min(1).max(100),
  schema_hash: z.string().min(1).max(128),
  trainer: z.string().max(200),
  seed: z.number(),
  parent: z.string().nullable(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  created_from: z.string(),
  member_weights: z.object({ forest: share, boosting: share, network: share }),
  temperature: z.number().positive(),
  // 0 would admit a class that the model holds for impossible, and p/0 has no order.
  thresholds: z.array(z.number().positive().max(1)).length(CLASS_COUNT),
  anomaly_threshold: share,
  usual: z.array(z.number().nullable()),
  usual_range: z.array(z.tuple([z.number(), z.number()]).nullable()),
  metrics: z.record(z.string(), z.unknown()),
})

/** A manifest as it was read from a file or a row; refused, with the field named, where it is not one. */
export function parseManifest(value: unknown): Result<ModelManifest, ModelRefusal> {
  const read = Manifest.safeParse(value)
  if (read.success) return ok(read.data)
  const { path, message } = read.error.issues[0]!
  return err({ tag: 'model-refused', why: `the manifest's ${path.join('.') || 'form'} is wrong: ${message}` })
}

/** What a manifest says beside what the trainer found. */
export type ManifestFrame = Pick<ModelManifest, 'version' | 'schema_hash' | 'parent' | 'created_from' | 'metrics'>

/** The manifest that belongs to these bytes and to no others. Keys stand in the order of ModelManifest. */
export async function sealManifest(
  learnt: Omit<ModelManifest, keyof ManifestFrame | 'sha256'>,
  frame: ManifestFrame,
  graph: Uint8Array,
): Promise<ModelManifest> {
  return {
    version: frame.version,
    schema_hash: frame.schema_hash,
    trainer: learnt.trainer,
    seed: learnt.seed,
    parent: frame.parent,
    sha256: await sha256(graph),
    created_from: frame.created_from,
    member_weights: learnt.member_weights,
    temperature: learnt.temperature,
    thresholds: learnt.thresholds,
    anomaly_threshold: learnt.anomaly_threshold,
    usual: learnt.usual,
    usual_range: learnt.usual_range,
    metrics: frame.metrics,
  }
}

/** SHA-256 in lower-case hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
