import type { Classifier, ModelOutput } from '../../core/ensemble/prediction.ts'
import { FEATURE_COUNT, featureIndex } from '../../core/features/schema.ts'
import type { ClassId } from '../../core/taxonomy.ts'
import { shippedModel } from '../../durable-objects/model.ts'

const FAILURES = featureIndex('failures')
const FLOWS = featureIndex('flows')

/**
 * The objects' model with answers that a test can rely on, since what the shipped one says changes with every training.
 * Failed log-ins are brute force (0.95), flow records denial of service (0.80), all else is Normal. The objects run in the
 * test's own isolate and share its modules, so the loaded model itself is what is changed.
 */
export interface StandInModel {
  /** From now on the model is refused, or with null at hand again. */
  refuse(why: string | null): void
  /** Called with the number of windows before each answer. */
  before: (windows: number) => Promise<void>
}

export async function standInModel(): Promise<StandInModel> {
  const loaded = await shippedModel()
  if (!loaded.ok) throw new Error(loaded.error.why)
  const model: Classifier = loaded.value
  const stand: StandInModel = {
    refuse(why) {
      Object.assign(loaded, why === null ? { ok: true } : { ok: false, error: { tag: 'model-refused', why } })
    },
    before: async () => {},
  }
  Object.assign(model.manifest, { version: 'stand-in', thresholds: new Array(7).fill(0.1), anomaly_threshold: 0.9 })
  Object.assign(model, {
    async predict(rows: Float32Array, count: number): Promise<ModelOutput[]> {
      await stand.before(count)
      return Array.from({ length: count }, (_, i) => {
        if (rows[i * FEATURE_COUNT + FAILURES]! > 0) return outputOf(3, 0.95)
        return rows[i * FEATURE_COUNT + FLOWS]! > 0 ? outputOf(1, 0.8) : outputOf(0, 0.99)
      })
    },
    explain: () => new Float64Array(FEATURE_COUNT),
  } satisfies Partial<Classifier>)
  return stand
}

function outputOf(threatClass: ClassId, confidence: number): ModelOutput {
  const probabilities = new Float32Array(7).fill((1 - confidence) / 6)
  probabilities[threatClass] = confidence
  return { probabilities, forest: probabilities, boosting: probabilities, network: probabilities, anomaly: 0.4 }
}
