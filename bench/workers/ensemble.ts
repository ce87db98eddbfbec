import { loadClassifier } from '../../adapters/onnx/classifier.ts'
import type { Classifier } from '../../core/ensemble/prediction.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../../core/features/schema.ts'
import graph from '../../models/ensemble.onnx'
import manifest from '../../models/manifest.json'

/**
 * The shipped ensemble alone in workerd, for bench/ensemble.ts. Time stands still in here while it computes: it is taken
 * outside, by how much longer a request takes that does the work more often.
 */
let rows: Float32Array | null = null
let classifier: Classifier | null = null

async function load(): Promise<Classifier> {
  const loaded = await loadClassifier(
    { graph: new Uint8Array(graph), manifest, schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT } },
    () => import('../../adapters/onnx/workers-runtime.ts'),
  )
  if (!loaded.ok) throw new Error(loaded.error.why)
  return loaded.value
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const asked = (name: string) => Number(searchParams.get(name))
    if (pathname === '/rows') {
      rows = new Float32Array(await request.arrayBuffer())
      return Response.json({ rows: rows.length / FEATURE_COUNT })
    }
    if (pathname === '/load') {
      for (let i = 0; i < asked('times'); i++) {
        await classifier?.release()
        classifier = await load()
      }
      return Response.json({ version: classifier?.manifest.version ?? null })
    }
    if (pathname === '/predict') {
      if (!rows || !classifier) return new Response('no rows or no model', { status: 409 })
      const count = asked('count')
      const classes: number[] = []
      let predicted = 0
      for (let i = 0; i < asked('times'); i++) {
        const outputs = await classifier.predict(rows, count)
        predicted += outputs.length
        if (i === 0) for (const { probabilities } of outputs) classes.push(probabilities[0]!)
      }
      return Response.json({ predicted, first: classes })
    }
    return Response.json({})
  },
}
