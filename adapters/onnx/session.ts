import { InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import type { OnnxSession } from './runtime.ts'

/**
 * All use of the runtime goes one after another: a run keeps its arguments on the one stack of the wasm module across
 * awaits, so runs that overlap overwrite each other's (seen: 30 calls some microtasks apart never came back). Nothing is
 * lost by it, the runtime has one thread.
 */
let last: Promise<unknown> = Promise.resolve()

export function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
  const mine = last.then(work)
  last = mine.catch(() => {})
  return mine
}

/** To be called in turn. */
export async function openSession(graph: Uint8Array): Promise<OnnxSession> {
  const session = await InferenceSession.create(graph, { executionProviders: ['wasm'], logSeverityLevel: 4 })
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (input, rows, count, columns) =>
      inTurn(async () => {
        const tensor = new Tensor('float32', rows.subarray(0, count * columns), [count, columns])
        const outputs = await session.run({ [input]: tensor })
        return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]))
      }),
    release: () => inTurn(() => session.release()),
  }
}
