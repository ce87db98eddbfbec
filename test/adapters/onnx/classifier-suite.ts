import { beforeAll, describe, expect, it } from 'vitest'
import { loadClassifier, type ModelFile } from '../../../adapters/onnx/classifier.ts'
import type { OnnxRuntime } from '../../../adapters/onnx/runtime.ts'
import { explainer } from '../../../core/ensemble/explain.ts'
import { sealManifest } from '../../../core/ensemble/manifest.ts'
import type { Classifier } from '../../../core/ensemble/prediction.ts'
import { BOOSTING_DEFAULTS } from '../../../core/learning/boosting.ts'
import type { Dataset } from '../../../core/learning/dataset.ts'
import { FOREST_DEFAULTS } from '../../../core/learning/forest.ts'
import { MEMBER_DEFAULTS } from '../../../core/learning/members.ts'
import { NETWORK_DEFAULTS } from '../../../core/learning/network-training.ts'
import { readTrees } from '../../../core/learning/onnx-reader.ts'
import { TRAIN_DEFAULTS, type TrainedEnsemble, trainEnsemble } from '../../../core/learning/train.ts'
import { predictTrees } from '../../../core/learning/trees.ts'
import type { ClassId } from '../../../core/taxonomy.ts'
import { madeData } from '../../core/learning/made-data.ts'

const SCHEMA = { hash: 'schema-of-the-test', columns: 100 }

/** What every runtime behind the port `Classifier` must hold. */
export function classifierFacts(name: string, runtime: () => Promise<{ runtime: OnnxRuntime }>) {
  describe(`classifier on ${name}`, () => {
    let trained: TrainedEnsemble
    let test: Dataset
    let classifier: Classifier

    const fileOf = async (graph: Uint8Array, changes: Record<string, unknown> = {}): Promise<ModelFile> => {
      const frame = {
        version: 'test',
        schema_hash: SCHEMA.hash,
        parent: null,
        created_from: 'made-up rows',
        metrics: {},
      }
      const manifest = await sealManifest(trained.manifest, frame, graph)
      return { graph, manifest: { ...manifest, ...changes }, schema: SCHEMA }
    }
    const refusalOf = async (file: ModelFile) => {
      const loaded = await loadClassifier(file, runtime)
      return loaded.ok ? 'not refused' : loaded.error.why
    }

    beforeAll(async () => {
      trained = smallEnsemble(madeData(500, 1), 100)
      test = withExtremes(madeData(400, 2))
      const loaded = await loadClassifier(await fileOf(trained.onnx), runtime)
      if (!loaded.ok) throw new Error(loaded.error.why)
      classifier = loaded.value
    })

    it('answers as the trainer does, within 1e-5, absent, infinite and threshold values included', async () => {
      const own = trained.predict(test)
      const answers = await classifier.predict(test.features, test.rows)
      expect(answers).toHaveLength(test.rows)
      answers.forEach((answer, row) => {
        for (const output of ['probabilities', 'forest', 'boosting', 'network'] as const) {
          expect(answer[output]).toHaveLength(7)
          for (let k = 0; k < 7; k++) {
            expect(Math.abs(answer[output][k]! - own[output][row * 7 + k]!)).toBeLessThan(1e-5)
          }
        }
        expect(Math.abs(answer.anomaly - own.anomaly[row]!)).toBeLessThan(1e-5)
      })
    })

    it('answers a row the same whether it comes alone or among others, and reads no more rows than told', async () => {
      const together = await classifier.predict(test.features, 64)
      expect(together).toHaveLength(64)
      for (const row of [0, 1, 63]) {
        const [alone] = await classifier.predict(test.features.subarray(row * 100, row * 100 + 100), 1)
        for (let k = 0; k < 7; k++) expect(alone!.probabilities[k]).toBeCloseTo(together[row]!.probabilities[k]!, 6)
        expect(alone!.anomaly).toBeCloseTo(together[row]!.anomaly, 6)
      }
    })

    it('keeps calls that overlap apart', async () => {
      const rows = Array.from({ length: 30 }, (_, i) => test.features.subarray(i * 100, (i + 1 + (i % 3)) * 100))
      const after = async (turns: number) => {
        for (let i = 0; i < turns; i++) await null
      }
      const overlapped = await Promise.all(
        rows.map(async (part, i) => {
          await after((i * 5) % 23)
          return classifier.predict(part, 1 + (i % 3))
        }),
      )
      for (let i = 0; i < rows.length; i++)
        expect(overlapped[i]).toEqual(await classifier.predict(rows[i]!, 1 + (i % 3)))
    })

    it('refuses to predict from fewer values than the rows need, or no row', async () => {
      await expect(classifier.predict(new Float32Array(150), 2)).rejects.toThrow('150 values are not 2 rows of 100')
      await expect(classifier.predict(new Float32Array(100), 0)).rejects.toThrow(RangeError)
    })

    it('explains from the file alone: base and contributions are the forest probability', () => {
      const forest = readTrees(trained.onnx, 'forest')
      if (!forest.ok) throw new Error(forest.error.why)
      expect(predictTrees(forest.value, test)).toEqual(trained.predict(test).forest)
      const { forest: p } = trained.predict(test)
      const base = explainer(forest.value, 100)
      for (let row = 0; row < 50; row++) {
        const k = (row % 7) as ClassId
        const contributions = classifier.explain(test.features.subarray(row * 100, row * 100 + 100), k)
        expect(contributions).toHaveLength(100)
        const sum = contributions.reduce((total, value) => total + value, base(test.features, 0, k).base)
        expect(Math.abs(sum - p[row * 7 + k]!)).toBeLessThan(1e-6)
      }
    })

    it('refuses a graph that one byte was changed of', async () => {
      const file = await fileOf(trained.onnx)
      const graph = file.graph.slice()
      graph[graph.length >> 1]! ^= 1
      expect(await refusalOf({ ...file, graph })).toMatch(/SHA-256 is [0-9a-f]{64}, the manifest says [0-9a-f]{64}/)
    })

    it('refuses a model that was made for another feature schema', async () => {
      expect(await refusalOf(await fileOf(trained.onnx, { schema_hash: 'other' }))).toContain('feature schema other')
      expect(
        await refusalOf({ ...(await fileOf(trained.onnx)), schema: { hash: SCHEMA.hash, columns: 99 } }),
      ).toContain('99')
      const five = smallEnsemble(madeData(300, 1, 5), 5)
      expect(await refusalOf(await fileOf(five.onnx))).toContain('cannot be run')
    })

    it('refuses a manifest that is none', async () => {
      expect(await refusalOf(await fileOf(trained.onnx, { thresholds: 'all' }))).toContain('thresholds')
      expect(await refusalOf({ ...(await fileOf(trained.onnx)), manifest: null })).toContain('manifest')
    })

    it('refuses bytes that are no graph, though the manifest vouches for them', async () => {
      const text = new TextEncoder()
      expect(await refusalOf(await fileOf(new Uint8Array()))).toContain('no TreeEnsembleRegressor')
      expect(await refusalOf(await fileOf(text.encode('GIF89a, not a model')))).toContain('cannot explain itself')
      expect(await refusalOf(await fileOf(new Uint8Array(5000).fill(0xff)))).toContain('cannot explain itself')
    })

    it('refuses a truncated graph wherever it ends', async () => {
      const { length } = trained.onnx
      for (const end of [1, 100, length >> 2, length >> 1, length - 1000, length - 1]) {
        expect(await refusalOf(await fileOf(trained.onnx.slice(0, end)))).not.toBe('not refused')
      }
    })

    it('refuses a graph with an operator that the runtime does not know, and one that lacks an output', async () => {
      expect(await refusalOf(await fileOf(replaced(trained.onnx, 'Softmax', 'Softmix')))).toContain(
        'does not take the graph',
      )
      const renamed = replaced(trained.onnx, 'probabilities', 'opportunities')
      expect(await refusalOf(await fileOf(renamed))).toContain('no output probabilities')
    })

    it('loads a good file after refused ones, and answers as before', async () => {
      const again = await loadClassifier(await fileOf(trained.onnx), runtime)
      if (!again.ok) throw new Error(again.error.why)
      expect(await again.value.predict(test.features, 5)).toEqual(await classifier.predict(test.features, 5))
      await again.value.release()
      expect(await classifier.predict(test.features, 5)).toHaveLength(5)
    })
  })
}

function smallEnsemble(data: Dataset, columns: number): TrainedEnsemble {
  const result = trainEnsemble(data, {
    ...TRAIN_DEFAULTS,
    seed: 1,
    calibration: { kind: 'hold-out', share: 0.25 },
    log1p: Uint8Array.from({ length: columns }, (_, column) => (column % 3 === 0 ? 1 : 0)),
    members: {
      ...MEMBER_DEFAULTS,
      forest: { ...FOREST_DEFAULTS, trees: 12, maxLeaves: 16 },
      boosting: { ...BOOSTING_DEFAULTS, rounds: 5 },
      network: { ...NETWORK_DEFAULTS, epochs: 2 },
      isolation: { trees: 15, sample: 64 },
    },
  })
  if (!result.ok) throw new Error(result.error.why)
  return result.value
}

/** Rows as a window never gives them, but a runtime must still agree on. */
function withExtremes(data: Dataset): Dataset {
  data.features.fill(Number.NaN, 0, 100)
  data.features.fill(Infinity, 100, 200)
  data.features.fill(-Infinity, 200, 300)
  data.features.fill(0, 300, 400)
  data.features.fill(-3.4e38, 400, 500)
  data.features.fill(1e-42, 500, 600)
  return data
}

/** Another text of the same length in place of every one of these. */
function replaced(bytes: Uint8Array, text: string, by: string): Uint8Array {
  const [from, to] = [new TextEncoder().encode(text), new TextEncoder().encode(by)]
  const copy = bytes.slice()
  for (let at = 0; at + from.length <= copy.length; at++) {
    if (from.every((byte, i) => copy[at + i] === byte)) copy.set(to, at)
  }
  return copy
}
