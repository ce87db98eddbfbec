import { type Explainer, explainer } from '../../core/ensemble/explain.ts'
import { parseManifest, sha256 } from '../../core/ensemble/manifest.ts'
import type { Classifier, ModelManifest, ModelOutput, ModelRefusal } from '../../core/ensemble/prediction.ts'
import { readTrees } from '../../core/learning/onnx-reader.ts'
import { GRAPH_INPUT, GRAPH_OUTPUTS } from '../../core/learning/onnx-writer.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { CLASS_COUNT, type ClassId } from '../../core/taxonomy.ts'
import type { OnnxRuntime, OnnxSession } from './runtime.ts'

export interface ModelFile {
  /** ensemble.onnx. */
  graph: Uint8Array
  /** manifest.json, parsed but not trusted. */
  manifest: unknown
  /** The hash that the feature schema in use has, and how many columns. */
  schema: { hash: string; columns: number }
}

/**
 * Makes a classifier of a model file, once everything about it was checked: manifest, schema, digest, that the runtime
 * takes the graph, that it has the inputs and outputs it should, and answers a row of absent values with probabilities.
 * Never rejects: what is wrong with the file is the refusal.
 * @param runtime e.g. `() => import('./workers-runtime.ts')`; not called for a file that is refused before
 */
export async function loadClassifier(
  file: ModelFile,
  runtime: () => Promise<{ runtime: OnnxRuntime }>,
): Promise<Result<Classifier, ModelRefusal>> {
  const read = parseManifest(file.manifest)
  if (!read.ok) return read
  const manifest = read.value
  const mismatch = mismatchOf(manifest, file.schema)
  if (mismatch !== null) return refuse(mismatch)
  const digest = await sha256(file.graph)
  if (digest !== manifest.sha256)
    return refuse(`the graph's SHA-256 is ${digest}, the manifest says ${manifest.sha256}`)
  const forest = readTrees(file.graph, 'forest')
  if (!forest.ok) return refuse(`the graph cannot explain itself: ${forest.error.why}`)
  const { columns } = file.schema
  let session: OnnxSession
  try {
    session = await (await runtime()).runtime.open(file.graph)
  } catch (error) {
    return refuse(`the runtime does not take the graph: ${messageOf(error)}`)
  }
  const classifier = new OnnxClassifier(manifest, session, columns, explainer(forest.value, columns))
  const fault = await faultOf(session, classifier, columns)
  if (fault === null) return ok(classifier)
  await session.release()
  return refuse(fault)
}

const refuse = (why: string) => err<ModelRefusal>({ tag: 'model-refused', why })

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 300)

function mismatchOf(manifest: ModelManifest, schema: ModelFile['schema']): string | null {
  if (manifest.schema_hash !== schema.hash) {
    return `the model was made for feature schema ${manifest.schema_hash}, this is ${schema.hash}`
  }
  for (const [name, { length }] of [
    ['usual', manifest.usual],
    ['usual_range', manifest.usual_range],
  ] as const) {
    if (length !== schema.columns) return `the manifest's ${name} has ${length} entries for ${schema.columns} features`
  }
  return null
}

async function faultOf(session: OnnxSession, classifier: Classifier, columns: number): Promise<string | null> {
  if (session.inputNames.join() !== GRAPH_INPUT) return `the graph's inputs are ${session.inputNames.join(', ')}`
  const missing = GRAPH_OUTPUTS.filter((name) => !session.outputNames.includes(name))
  if (missing.length > 0) return `the graph has no output ${missing.join(', ')}`
  try {
    const [output] = await classifier.predict(new Float32Array(columns).fill(Number.NaN), 1)
    const { probabilities, forest, boosting, network, anomaly } = output!
    const sane = [probabilities, forest, boosting, network].every(isDistribution) && anomaly >= 0 && anomaly <= 1
    return sane ? null : 'the graph does not answer with probabilities'
  } catch (error) {
    return `the graph cannot be run: ${messageOf(error)}`
  }
}

const isDistribution = (values: Float32Array): boolean =>
  values.length === CLASS_COUNT &&
  values.every((value) => value >= 0 && value <= 1 + 1e-3) &&
  Math.abs(values.reduce((sum, value) => sum + value, 0) - 1) < 1e-3

type Outputs = Record<(typeof GRAPH_OUTPUTS)[number], Float32Array>

class OnnxClassifier implements Classifier {
  readonly manifest: ModelManifest
  #session: OnnxSession
  #columns: number
  #explainer: Explainer

  constructor(manifest: ModelManifest, session: OnnxSession, columns: number, explain: Explainer) {
    this.manifest = manifest
    this.#session = session
    this.#columns = columns
    this.#explainer = explain
  }

  async predict(rows: Float32Array, count: number): Promise<ModelOutput[]> {
    if (!Number.isInteger(count) || count < 1 || rows.length < count * this.#columns) {
      throw new RangeError(`${rows.length} values are not ${count} rows of ${this.#columns}`)
    }
    const outputs = (await this.#session.run(GRAPH_INPUT, rows, count, this.#columns)) as Outputs
    return Array.from({ length: count }, (_, row) => new OutputRow(outputs, row))
  }

  explain(row: Float32Array, threatClass: ClassId): Float64Array {
    return this.#explainer(row, 0, threatClass).contributions
  }

  release(): Promise<void> {
    return this.#session.release()
  }
}

/** One row of the outputs; what nobody asks of it (the votes, of most windows) is never cut out. */
class OutputRow implements ModelOutput {
  readonly #outputs: Outputs
  readonly #row: number
  readonly probabilities: Float32Array
  readonly anomaly: number

  constructor(outputs: Outputs, row: number) {
    this.#outputs = outputs
    this.#row = row
    this.probabilities = this.#seven('probabilities')
    this.anomaly = outputs.anomaly[row]!
  }

  get forest(): Float32Array {
    return this.#seven('forest')
  }

  get boosting(): Float32Array {
    return this.#seven('boosting')
  }

  get network(): Float32Array {
    return this.#seven('network')
  }

  #seven(name: keyof Outputs): Float32Array {
    return this.#outputs[name].subarray(this.#row * CLASS_COUNT, (this.#row + 1) * CLASS_COUNT)
  }
}
