import { env } from 'onnxruntime-web/wasm'
import type { OnnxRuntime } from './runtime.ts'
import { inTurn, openSession } from './session.ts'

/** onnxruntime-web in Node: for training, evaluation and tests. */
export const runtime: OnnxRuntime = {
  open: (graph) =>
    inTurn(() => {
      Object.assign(env.wasm, { numThreads: 1, proxy: false })
      return openSession(graph)
    }),
}
