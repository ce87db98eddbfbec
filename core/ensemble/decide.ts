import { CLASS_COUNT, type ClassId } from '../taxonomy.ts'
import type { ModelManifest, ModelOutput, Prediction, RouteName } from './prediction.ts'

const NORMAL: ClassId = 0
const TRUST_OVER = 0.9
const VERIFY_FROM = 0.5

/**
 * The decision that a model's output stands for.
 *
 * Class: of those whose probability reaches their threshold (equal is reached), the one with the largest
 * probability/threshold; where none does, the most probable one, marked `uncertain`. Ties go to the lower class id.
 *
 * Route: confidence over 0.90 TRUST, 0.50 to 0.90 (both included) VERIFY, under 0.50 INVESTIGATE. A Normal window whose
 * anomaly lies over `anomaly_threshold` (equal is not over) is INVESTIGATE however confident it is.
 */
export function decide(
  output: ModelOutput,
  manifest: Pick<ModelManifest, 'thresholds' | 'anomaly_threshold'>,
): Prediction {
  const { probabilities, anomaly } = output
  const admissible = mostOverThreshold(probabilities, manifest.thresholds)
  const threatClass = admissible ?? mostProbable(probabilities)
  const confidence = probabilities[threatClass]!
  const oddNormal = threatClass === NORMAL && anomaly > manifest.anomaly_threshold
  const route = oddNormal ? 'INVESTIGATE' : routeOf(confidence)
  return { threatClass, confidence, uncertain: admissible === null, anomaly, route, output }
}

/** @param confidence 0..1 */
export function routeOf(confidence: number): RouteName {
  if (confidence > TRUST_OVER) return 'TRUST'
  return confidence >= VERIFY_FROM ? 'VERIFY' : 'INVESTIGATE'
}

/** The admissible class with the largest probability/threshold, or null where no class reaches its threshold. */
export function mostOverThreshold(probabilities: ArrayLike<number>, thresholds: ArrayLike<number>): ClassId | null {
  let best: ClassId | null = null
  let bestRatio = 0
  for (let k = 0; k < CLASS_COUNT; k++) {
    const ratio = probabilities[k]! / thresholds[k]!
    if (probabilities[k]! >= thresholds[k]! && ratio > bestRatio) {
      best = k as ClassId
      bestRatio = ratio
    }
  }
  return best
}

/** The most probable class; of equals the lower id. */
export function mostProbable(probabilities: ArrayLike<number>): ClassId {
  let best = 0
  for (let k = 1; k < CLASS_COUNT; k++) if (probabilities[k]! > probabilities[best]!) best = k
  return best as ClassId
}
