import type { ModelManifest } from '../../ensemble/prediction.ts'
import { FEATURES, SCHEMA_HASH } from '../../features/schema.ts'
import { hash32 } from '../../window/hash.ts'

/** How features become comparable numbers; arrays by feature. Plain values: stored beside the vectors made with it. */
export interface CaseScale {
  /** Names it: vectors of two scales are not comparable. 16 hex digits. */
  id: string
  /** Of the way vectors are made, beside the scale. */
  revision: number
  schemaHash: string
  /** Usual value, transformed; 0 where normal windows never have the feature. */
  middle: number[]
  /** What counts as one step away from it, transformed. */
  width: number[]
}

/** Raised when the vector of a case is made another way. */
const REVISION = 1
/** 5th to 95th percentile of a normal distribution, in standard deviations. */
const DEVIATIONS = 3.29
/** A feature that normal windows hardly vary in must not outweigh all others for a trifle. */
const LEAST_WIDTH = 0.05

/**
 * The scale that a model's manifest gives: each feature, logarithmic where its row in the schema says log1p, less its
 * median over normal training windows, in standard deviations as their 5th and 95th percentile tell them. Where normal
 * windows do not vary in it or never have it, one step is 1 (of the logarithm, where that is taken).
 */
export function scaleFrom({ usual, usual_range }: Pick<ModelManifest, 'usual' | 'usual_range'>): CaseScale {
  const middle = FEATURES.map((_, column) => transformed(column, usual[column] ?? 0))
  const width = FEATURES.map((_, column) => {
    const range = usual_range[column]
    if (!range) return 1
    const spread = transformed(column, range[1]) - transformed(column, range[0])
    return spread > 0 ? Math.max(spread / DEVIATIONS, LEAST_WIDTH) : 1
  })
  const text = JSON.stringify([REVISION, SCHEMA_HASH, middle, width])
  const id = [hash32(text, 1), hash32(text, 2)].map((part) => part.toString(16).padStart(8, '0')).join('')
  return { id, revision: REVISION, schemaHash: SCHEMA_HASH, middle, width }
}

/**
 * Whether cases on one scale can be compared with windows of today. A newer model's medians do not matter: whoever keeps
 * cases keeps the scale that they were made with, and puts new windows on it.
 */
export const isOfToday = ({ revision, schemaHash }: CaseScale): boolean =>
  revision === REVISION && schemaHash === SCHEMA_HASH

/** A feature's value as it is compared. */
export const transformed = (column: number, value: number): number =>
  FEATURES[column]!.transform === 'log1p' ? Math.sign(value) * Math.log1p(Math.abs(value)) : value
