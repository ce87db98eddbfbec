import { loadClassifier } from '../adapters/onnx/classifier.ts'
import type { Classifier, ModelRefusal } from '../core/ensemble/prediction.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../core/features/schema.ts'
import type { Result } from '../core/result.ts'
import graph from '../models/ensemble.onnx'
import manifest from '../models/manifest.json'

let loading: Promise<Result<Classifier, ModelRefusal>> | null = null

/** The shipped ensemble, loaded once an isolate: all partitions in it share one session. */
export function shippedModel(): Promise<Result<Classifier, ModelRefusal>> {
  loading ??= loadClassifier(
    { graph: new Uint8Array(graph), manifest, schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT } },
    // Only what predicts pays for the runtime: 14 MB of wasm.
    () => import('../adapters/onnx/workers-runtime.ts'),
  )
  return loading
}
