import { CLASS_COUNT } from '../taxonomy.ts'

/** Turns rows of seven scores into probabilities, in place; returns `scores`. Safe for scores of any size. */
export function softmaxRows<Scores extends Float32Array | Float64Array>(scores: Scores): Scores {
  for (let at = 0; at < scores.length; at += CLASS_COUNT) {
    let most = -Infinity
    for (let k = 0; k < CLASS_COUNT; k++) if (scores[at + k]! > most) most = scores[at + k]!
    let sum = 0
    for (let k = 0; k < CLASS_COUNT; k++) {
      const e = Math.exp(scores[at + k]! - most)
      scores[at + k] = e
      sum += e
    }
    for (let k = 0; k < CLASS_COUNT; k++) scores[at + k]! /= sum
  }
  return scores
}
