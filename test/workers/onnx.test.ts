import { afterAll, describe, expect, it } from 'vitest'
import { classifierFacts } from '../adapters/onnx/classifier-suite.ts'

const native = WebAssembly.instantiate

classifierFacts('workerd', () => import('../../adapters/onnx/workers-runtime.ts'))

describe('workers runtime', () => {
  it('has put WebAssembly.instantiate back', async () => {
    const { runtime } = await import('../../adapters/onnx/workers-runtime.ts')
    await expect(runtime.open(new Uint8Array(3))).rejects.toThrow()
    expect(WebAssembly.instantiate).toBe(native)
  })

  afterAll(() => {
    expect(WebAssembly.instantiate).toBe(native)
  })
})
