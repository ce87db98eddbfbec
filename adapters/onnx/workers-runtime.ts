import module from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { env } from 'onnxruntime-web/wasm'
import type { OnnxRuntime, OnnxSession } from './runtime.ts'
import { inTurn, openSession } from './session.ts'

/**
 * onnxruntime-web in a Worker. Reach it by `import()` in the function that predicts, never from an entry point: what
 * predicts nothing then does not pay for 14 MB of wasm.
 */
export const runtime: OnnxRuntime = {
  open: (graph) => inTurn(() => (started ? openSession(graph) : start(graph))),
}

let started = false

/**
 * Workers refuse to compile wasm from bytes. Given a `wasmBinary`, the loader calls WebAssembly.instantiate(bytes, imports)
 * once; that call is answered with the module that was compiled at upload, and the native function put back.
 */
async function start(graph: Uint8Array): Promise<OnnxSession> {
  const native = WebAssembly.instantiate as (
    module: WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ) => Promise<WebAssembly.Instance>
  Object.assign(env.wasm, { wasmBinary: new Uint8Array(8), numThreads: 1, proxy: false })
  WebAssembly.instantiate = (async (source: unknown, imports?: WebAssembly.Imports) =>
    source instanceof WebAssembly.Module
      ? native(source, imports)
      : { module, instance: await native(module, imports) }) as typeof WebAssembly.instantiate
  try {
    const session = await openSession(graph)
    started = true
    return session
  } finally {
    WebAssembly.instantiate = native as typeof WebAssembly.instantiate
  }
}
