import type { ClassId } from '../taxonomy.ts'

/** What one run of the ensemble says of one window. All probabilities lie in 0..1; a row of seven sums to 1. */
export interface ModelOutput {
  /** Calibrated, by class id, length 7. */
  probabilities: Float32Array
  /** Each member's own, length 7. */
  forest: Float32Array
  boosting: Float32Array
  network: Float32Array
  /** Isolation forest (Liu, Ting, Zhou 2008): near 0.5 is ordinary, toward 1 is unusual. */
  anomaly: number
}

export interface MemberVotes {
  forest: number[]
  boosting: number[]
  network: number[]
}

/** One of the features that moved the prediction most. */
export interface Indicator {
  feature: string
  /** The window's value; null where absent. */
  value: number | null
  unit: string
  /** Median of the feature over normal training windows; null where it was always absent. */
  usual: number | null
  /** Signed: what it added to the decided class's probability along the trees' paths (Saabas, 2014). */
  contribution: number
}

export type RouteName = 'TRUST' | 'VERIFY' | 'INVESTIGATE'

/** The decision taken from a ModelOutput. */
export interface Prediction {
  threatClass: ClassId
  /** Calibrated probability of `threatClass`. */
  confidence: number
  /** No class reached its threshold, so the most probable was taken. */
  uncertain: boolean
  anomaly: number
  route: RouteName
  output: ModelOutput
}

/** Refusal of a model at load. */
export interface ModelRefusal {
  tag: 'model-refused'
  why: string
}

/** What a running model must offer; adapters/onnx implements it for workerd and Node. */
export interface Classifier {
  readonly manifest: ModelManifest
  /**
   * Predicts rows of raw features (no transform applied; absent is NaN).
   * @param rows row-major [count, 100]; may be longer than count × 100
   * @param count 1 or more
   */
  predict(rows: Float32Array, count: number): Promise<ModelOutput[]>
  /** Signed path contributions of every feature to the probability of `threatClass`, length 100. */
  explain(row: Float32Array, threatClass: ClassId): Float64Array
  /** Frees the runtime's memory; predict must not be called again. */
  release(): Promise<void>
}

/** `models/manifest.json`. */
export interface ModelManifest {
  version: string
  schema_hash: string
  trainer: string
  seed: number
  parent: string | null
  /** SHA-256 hex of ensemble.onnx. */
  sha256: string
  created_from: string
  member_weights: { forest: number; boosting: number; network: number }
  temperature: number
  /** By class id, length 7. */
  thresholds: number[]
  /** Anomaly score over which a confident Normal is routed to INVESTIGATE. */
  anomaly_threshold: number
  /** Usual value of each feature: median over normal training windows; null where always absent. */
  usual: (number | null)[]
  /** 5th and 95th percentile over normal training windows, by feature; null where always absent. */
  usual_range: ([number, number] | null)[]
  /** Figures with the data they were measured on. */
  metrics: Record<string, unknown>
}
