import type { Indicator, MemberVotes, ModelManifest, ModelOutput } from './prediction.ts'

/** What the feature schema knows of a column. */
export interface FeatureName {
  name: string
  unit: string
}

const MOST = 10

/**
 * The features that moved the decided class's probability most, strongest first; features that moved nothing are left
 * out, so there may be fewer than ten.
 * @param contributions signed, by feature (Classifier.explain)
 * @param row raw features of the window; absent is NaN
 * @param usual by feature (ModelManifest.usual)
 * @param features name and unit by feature
 */
export function strongestIndicators(
  contributions: ArrayLike<number>,
  row: ArrayLike<number>,
  usual: ModelManifest['usual'],
  features: readonly FeatureName[],
): Indicator[] {
  return features
    .map(({ name, unit }, column) => ({
      feature: name,
      value: Number.isNaN(row[column]!) ? null : row[column]!,
      unit,
      usual: usual[column] ?? null,
      contribution: contributions[column]!,
    }))
    .filter(({ contribution }) => contribution !== 0)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, MOST)
}

/** Each member's seven probabilities as plain numbers, for storing. */
export function memberVotes({ forest, boosting, network }: ModelOutput): MemberVotes {
  return { forest: [...forest], boosting: [...boosting], network: [...network] }
}
