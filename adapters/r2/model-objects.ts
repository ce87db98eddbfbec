import type { ModelManifest } from '../../core/ensemble/prediction.ts'

/** Where a model's parts lie. */
export interface ModelKeys {
  graphKey: string
  manifestKey: string
}

/** The same model has the same keys: stored twice, it is one. */
export const modelKeys = ({ version, sha256 }: Pick<ModelManifest, 'version' | 'sha256'>): ModelKeys => ({
  graphKey: `models/${version}/${sha256}.onnx`,
  manifestKey: `models/${version}/manifest.json`,
})

/** Stores a model's graph and manifest. The bucket refuses a graph whose bytes are not the manifest's. */
export async function putModel(bucket: R2Bucket, manifest: ModelManifest, graph: Uint8Array): Promise<ModelKeys> {
  const keys = modelKeys(manifest)
  await bucket.put(keys.graphKey, graph, { sha256: manifest.sha256 })
  await bucket.put(keys.manifestKey, JSON.stringify(manifest))
  return keys
}
