import { describe, expect, it } from 'vitest'
import { vectorizeIndex } from '../../../adapters/vectorize/vector-index.ts'
import { DIMENSIONS, STRIDE } from '../../../core/council/memory/case-vector.ts'
import { VectorizeStandIn } from '../../support/vectorize-stand-in.ts'

const unit = (at: number) => Float32Array.from({ length: STRIDE }, (_, i) => (i === at ? 1 : 0))

describe('an index in Vectorize', () => {
  it('gives the slots of the nearest vectors of one scale, best first', async () => {
    const binding = new VectorizeStandIn(DIMENSIONS)
    const index = vectorizeIndex(binding)
    const between = Float32Array.from({ length: STRIDE }, (_, i) => (i < 2 ? Math.SQRT1_2 : 0))
    await index.put('a', [
      { slot: 7, unit: unit(0) },
      { slot: 8, unit: between },
      { slot: 9, unit: unit(5) },
    ])
    await index.put('b', [{ slot: 1, unit: unit(0) }])
    expect(await index.nearest('a', unit(0), 2)).toEqual([])
    binding.settle()
    expect(await index.nearest('a', unit(0), 2)).toEqual([7, 8])
  })

  it('replaces what was in a slot, in another scale too', async () => {
    const binding = new VectorizeStandIn(DIMENSIONS)
    const index = vectorizeIndex(binding)
    await index.put('a', [{ slot: 0, unit: unit(0) }])
    await index.put('b', [{ slot: 0, unit: unit(1) }])
    binding.settle()
    expect(await index.nearest('a', unit(0), 100)).toEqual([])
    expect(await index.nearest('b', unit(0), 100)).toEqual([0])
  })

  it('rejects when it is not reached', async () => {
    const binding = new VectorizeStandIn(DIMENSIONS)
    binding.isDown = true
    await expect(vectorizeIndex(binding).nearest('a', unit(0), 5)).rejects.toThrow('not reached')
  })
})
