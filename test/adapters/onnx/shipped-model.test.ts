import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadClassifier } from '../../../adapters/onnx/classifier.ts'
import { runtime } from '../../../adapters/onnx/node-runtime.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../../../core/features/schema.ts'
import { type SshTrial, sshTrial, TRIAL_SCENES } from '../../../core/learning/ssh-trial.ts'

const FOLDER = path.resolve(import.meta.dirname, '../../../models')
const BYTES = 2 * 1024 * 1024

describe('the model that ships', () => {
  const graph = readFileSync(path.join(FOLDER, 'ensemble.onnx'))
  let trial: SshTrial

  beforeAll(async () => {
    const loaded = await loadClassifier(
      {
        graph,
        manifest: JSON.parse(readFileSync(path.join(FOLDER, 'manifest.json'), 'utf8')),
        schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT },
      },
      async () => ({ runtime }),
    )
    if (!loaded.ok) throw new Error(loaded.error.why)
    // One source of each habit at each site: the card tells the whole trial.
    trial = await sshTrial(loaded.value, { ...TRIAL_SCENES, cast: { ...TRIAL_SCENES.cast, sources: 1 } })
  }, 120_000)

  it('is small enough to start with', () => {
    expect(graph.length).toBeLessThan(BYTES)
  })

  it('opens no incident for nine in ten ordinary users of SSH, and more', () => {
    const { inIncident, sources } = trial.benign.all
    expect(sources).toBeGreaterThan(60)
    expect(inIncident / sources).toBeLessThan(0.1)
  })

  it('finds every source that tries passwords each minute or oftener', () => {
    const slower = ['guess every four minutes, from many sources', 'names where only keys are taken']
    const tried = trial.guessing.habits.filter(({ name }) => !slower.includes(name))
    expect(tried).toHaveLength(5)
    expect(tried.filter(({ inIncident, sources }) => inIncident < sources)).toEqual([])
  })

  it('finds more than five in six of all who guess, alone and without a campaign', () => {
    const { inIncident, sources } = trial.guessing.all
    expect(inIncident / sources).toBeGreaterThan(5 / 6)
  })
})
