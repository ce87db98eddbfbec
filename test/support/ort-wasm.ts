import { env } from 'cloudflare:workers'
// @ts-expect-error only the test pool's runtime has this module
import UnsafeEval from 'workerd:unsafe-eval'

/** Stands in for the wasm import inside the test pool; vitest.config.ts says why. */
export default UnsafeEval.newWasmModule((env as unknown as { ORT_WASM: ArrayBuffer }).ORT_WASM)
