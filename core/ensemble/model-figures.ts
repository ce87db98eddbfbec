import { z } from 'zod'

const Scores = z.object({
  macro_f1: z.number().nullish(),
  accuracy: z.number().nullish(),
  attack_recall: z.number().nullish(),
  false_positive_rate: z.number().nullish(),
})

const Metrics = z.object({ leave_one_source_out: z.object({ all: Scores, five_plus: Scores }) })

/** What a model earned on sources it had not seen, all in 0..1; null where the figure was not measured. */
export type ModelScores = Record<'macro_f1' | 'accuracy' | 'attack_recall' | 'false_positive_rate', number | null>

export interface ModelFigures {
  /** Of all windows. */
  all: ModelScores
  /** Of windows with five events and more. */
  fivePlus: ModelScores
}

/** The leave-one-source-out figures of a manifest's `metrics`; null where it has none. */
export function unseenSourceFigures(metrics: Record<string, unknown>): ModelFigures | null {
  const read = Metrics.safeParse(metrics)
  if (!read.success) return null
  const { all, five_plus } = read.data.leave_one_source_out
  return { all: scoresOf(all), fivePlus: scoresOf(five_plus) }
}

const scoresOf = (scores: z.output<typeof Scores>): ModelScores => ({
  macro_f1: scores.macro_f1 ?? null,
  accuracy: scores.accuracy ?? null,
  attack_recall: scores.attack_recall ?? null,
  false_positive_rate: scores.false_positive_rate ?? null,
})
