import { describe, expect, it } from 'vitest'
import { TRIAL_SITES } from '../../../core/demo/ssh/trial.ts'
import { FEATURE_COUNT, featureIndex } from '../../../core/features/schema.ts'
import type { Predictor } from '../../../core/learning/simulate-incidents.ts'
import { sshTrial, TRIAL_SCENES } from '../../../core/learning/ssh-trial.ts'

const SUCCESSES = featureIndex('successes')
const FAILURES = featureIndex('failures')
const one = { ...TRIAL_SCENES, sites: TRIAL_SITES.slice(0, 1), cast: { ...TRIAL_SCENES.cast, sources: 1 } }

const byRule = (guilty: (row: Float32Array) => boolean): Predictor => ({
  manifest: { thresholds: new Array<number>(7).fill(0.5), anomaly_threshold: 0.9 },
  predict: async (rows, count) =>
    Array.from({ length: count }, (_, i) => {
      const row = rows.subarray(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT)
      const probabilities = new Float32Array(7).fill(0.01)
      probabilities[guilty(row) ? 3 : 0] = 0.94
      return { probabilities, forest: probabilities, boosting: probabilities, network: probabilities, anomaly: 0.4 }
    }),
})

describe('the SSH trial', () => {
  it('holds it against a model that takes every log-in for guessing', async () => {
    const { benign, namedBesideGuessing } = await sshTrial(
      byRule((row) => row[SUCCESSES]! > 0),
      one,
    )
    expect(benign.all.inIncident).toBeGreaterThan(benign.all.sources / 2)
    expect(benign.incidents).toBeGreaterThan(0)
    expect(namedBesideGuessing.named).toBeGreaterThan(benign.all.sources / 2)
    expect(benign.habits.find(({ name }) => name.startsWith('check'))).toMatchObject({ sources: 1, inIncident: 0 })
  })

  it('and against one that finds nobody', async () => {
    const { benign, guessing } = await sshTrial(
      byRule(() => false),
      one,
    )
    expect(benign.all).toMatchObject({ inIncident: 0, opening: 0 })
    expect(guessing.all).toMatchObject({ inIncident: 0, opening: 0 })
    expect(guessing.all.sources).toBe(TRIAL_SCENES.cast.guessing.length)
  })

  it('gives a model its due that goes by failures', async () => {
    const { guessing } = await sshTrial(
      byRule((row) => row[FAILURES]! >= 5),
      one,
    )
    expect(guessing.habits.find(({ name }) => name === 'guess every second')).toMatchObject({ inIncident: 1 })
    expect(guessing.habits.find(({ name }) => name.startsWith('names where'))).toMatchObject({ inIncident: 0 })
  })
})
