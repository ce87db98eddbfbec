import { describe, expect, it } from 'vitest'
import { parseManifest, sealManifest, sha256 } from '../../../core/ensemble/manifest.ts'

const graph = new TextEncoder().encode('abc')

const sealed = () =>
  sealManifest(
    {
      trainer: 'picket-trainer 1',
      seed: 1,
      member_weights: { forest: 0.7, boosting: 0.2, network: 0.1 },
      temperature: 1.5,
      thresholds: Array(7).fill(0.5),
      anomaly_threshold: 0.6,
      usual: [1, null],
      usual_range: [[0, 2], null],
    },
    { version: 'v1', schema_hash: 'h', parent: null, created_from: 'made-up rows', metrics: { macro_f1: 0.5 } },
    graph,
  )

describe('manifest', () => {
  it('carries the digest of its graph and survives JSON', async () => {
    const manifest = await sealed()
    // FIPS 180-2, appendix B.1.
    expect(manifest.sha256).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(await sha256(graph)).toBe(manifest.sha256)
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual({ ok: true, value: manifest })
  })

  it.each([
    ['temperature', 0],
    ['thresholds', [0.5]],
    ['thresholds', [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]],
    ['sha256', 'ABC'],
    ['member_weights', { forest: 2, boosting: 0, network: 0 }],
    ['usual_range', [[1]]],
    ['anomaly_threshold', Number.NaN],
    ['schema_hash', undefined],
  ])('is refused with the field named when %s is %j', async (field, value) => {
    const read = parseManifest({ ...(await sealed()), [field]: value })
    expect(read.ok ? '' : read.error.why).toContain(field)
  })

  it.each([[null], ['text'], [[]], [{}]])('is refused when it is %j', (value) => {
    expect(parseManifest(value)).toMatchObject({ ok: false, error: { tag: 'model-refused' } })
  })
})
