import { type Report, report, scoreSources, scoreWindows } from '../../core/learning/evaluate.ts'
import type { ReadCapture } from '../../core/learning/leave-one-out.ts'
import type { Predictor } from '../../core/learning/simulate-incidents.ts'

/** One model's figures over captures that have true labels. */
export async function scoreCaptures(
  captures: readonly ReadCapture[],
  model: Predictor,
  onCapture: (done: number) => void = () => {},
): Promise<Report> {
  const labelled = captures.filter(({ windows }) => windows.some(({ label }) => label !== null))
  const windows = []
  const sources = []
  for (const [i, capture] of labelled.entries()) {
    windows.push(...(await scoreWindows(capture.name, capture.windows, model)))
    sources.push(await scoreSources(capture.events, capture.windows, model))
    onCapture(i + 1)
  }
  return report(windows, sources)
}
