import { decide } from '../../core/ensemble/decide.ts'
import type { Classifier } from '../../core/ensemble/prediction.ts'
import type { Dataset } from '../../core/learning/dataset.ts'
import type { Decisions } from '../../core/learning/retraining/gate.ts'

/** Rows in one call of the runtime: its arena grows with them and never shrinks. */
const ROWS = 512

/** What a model decides of rows, as partitions decide of windows. */
export async function judgeRows(model: Classifier, { features, rows, columns }: Dataset): Promise<Decisions> {
  const decided = new Uint8Array(rows)
  const confidence = new Float32Array(rows)
  for (let from = 0; from < rows; from += ROWS) {
    const count = Math.min(ROWS, rows - from)
    const outputs = await model.predict(features.subarray(from * columns, (from + count) * columns), count)
    outputs.forEach((output, i) => {
      const prediction = decide(output, model.manifest)
      decided[from + i] = prediction.threatClass
      confidence[from + i] = prediction.confidence
    })
  }
  return { decided, confidence }
}
