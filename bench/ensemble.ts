import { readFileSync, statSync } from 'node:fs'
import { loadClassifier } from '../adapters/onnx/classifier.ts'
import { runtime } from '../adapters/onnx/node-runtime.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../core/features/schema.ts'
import { inRoot } from '../scripts/local/repository.ts'
import { type Bench, mustBe, type Row } from './harness/bench.ts'
import { windowsOfTheDay } from './harness/day-windows.ts'
import type { HttpClient } from './harness/http-client.ts'
import { median } from './harness/statistics.ts'
import { withWorker } from './harness/worker-alone.ts'

const COUNTS = [64, 256, 512]
const MODEL = inRoot('models/ensemble.onnx')

export const bench: Bench = {
  name: 'ensemble',
  title: 'the shipped ensemble: size, loading, time a row',
  explains: `Rows are windows of the scripted day. In workerd, where the clock stands still while code computes, time is taken from outside: a
request that predicts 20 times and more, less one that predicts once, by the difference of calls; the median of seven such pairs. "Loading" is all that the
app does with a model file (digest, reading the trees for explanations, opening the session, one row to try it), in an isolate whose runtime
runs; the first loading in a fresh isolate, told beside it, also starts onnxruntime's 14 MB of wasm. Probabilities from workerd must equal
Node's to 1e-5. The reference is onnxruntime-web, the same wasm, in Node.`,
  async run({ quick, say }) {
    const rows = windowsOfTheDay(Math.max(...COUNTS))
    const inNode = await measureInNode(rows, quick)
    say('measured in Node')
    const inWorkerd = await withWorker('ensemble', (client) => measureInWorkerd(client, rows, quick, inNode.first))
    const rowOf = (count: number, i: number): Row => ({
      name: `workerd, ${count} rows a call`,
      value: inWorkerd.microseconds[i]!,
      unit: 'µs/row',
      ...(count === 64 && { target: { most: 100 } }),
      reference: { name: 'Node', value: inNode.microseconds[i]! },
    })
    return {
      rows: [
        { name: 'ensemble.onnx', value: statSync(MODEL).size / 1e6, unit: 'MB', target: { most: 2 } },
        {
          name: 'loading in workerd',
          value: inWorkerd.loadMs,
          unit: 'ms',
          target: { most: 200 },
          reference: { name: 'Node', value: inNode.loadMs },
        },
        {
          name: 'first loading in a fresh isolate',
          value: inWorkerd.firstLoadMs,
          unit: 'ms',
          reference: { name: 'Node', value: inNode.firstLoadMs },
        },
        ...COUNTS.map(rowOf),
      ],
      notes: [`${inNode.first.length} windows of the scripted day; workerd and Node agree to 1e-5 on each`],
    }
  },
}

async function load() {
  const loaded = await loadClassifier(
    {
      graph: new Uint8Array(readFileSync(MODEL)),
      manifest: JSON.parse(readFileSync(inRoot('models/manifest.json'), 'utf8')),
      schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT },
    },
    async () => ({ runtime }),
  )
  mustBe(loaded.ok, `the shipped model is refused: ${loaded.ok ? '' : loaded.error.why}`)
  return loaded.value
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function measureInNode(rows: Float32Array, quick: boolean) {
  const firstLoadMs = await milliseconds(async () => (await load()).release())
  const loads: number[] = []
  for (let i = 0; i < 5; i++) loads.push(await milliseconds(async () => (await load()).release()))
  const model = await load()
  const microseconds: number[] = []
  for (const count of COUNTS) {
    const times = Math.ceil((quick ? 2_000 : 10_000) / count)
    const rounds: number[] = []
    for (let round = 0; round < 8; round++) {
      const ms = await milliseconds(async () => {
        for (let i = 0; i < times; i++) await model.predict(rows, count)
      })
      // The first round compiles.
      if (round > 0) rounds.push((ms * 1000) / (times * count))
    }
    microseconds.push(median(rounds))
  }
  const first = (await model.predict(rows, Math.max(...COUNTS))).map(({ probabilities }) => probabilities[0]!)
  await model.release()
  return { firstLoadMs, loadMs: median(loads), microseconds, first }
}

async function measureInWorkerd(client: HttpClient, rows: Float32Array, quick: boolean, expected: number[]) {
  const ask = async (path: string) => {
    const { status, body } = await client.send('POST', path, {})
    mustBe(status === 200, `${path} was answered ${status}: ${body.toString().slice(0, 300)}`)
    return JSON.parse(body.toString())
  }
  const text = Buffer.from(rows.buffer)
  await client.send('POST', '/rows', { 'Content-Type': 'application/octet-stream' }, text)
  const empty = async () => median(await series(5, () => milliseconds(() => ask('/nothing'))))
  await empty()
  const firstLoadMs = (await milliseconds(() => ask('/load?times=1'))) - (await empty())
  const loadMs = await perTime((times) => ask(`/load?times=${times}`), 4)
  const microseconds: number[] = []
  for (const count of COUNTS) {
    const times = Math.ceil((quick ? 2_000 : 10_000) / count)
    const predict = async (times: number) => {
      const { predicted } = await ask(`/predict?count=${count}&times=${times}`)
      mustBe(predicted === count * times, `${predicted} rows were predicted, not ${count * times}`)
    }
    await predict(times)
    microseconds.push(((await perTime(predict, times)) * 1000) / count)
  }
  const { first } = await ask(`/predict?count=${expected.length}&times=1`)
  const apart = Math.max(...expected.map((value, i) => Math.abs(value - first[i])))
  mustBe(apart <= 1e-5, `workerd and Node differ by ${apart}`)
  return { firstLoadMs, loadMs, microseconds }
}

/** Milliseconds of one time of the work: a request that does it `times` + 1 times less one that does it once. */
async function perTime(ask: (times: number) => Promise<unknown>, times: number): Promise<number> {
  const pairs = await series(7, async () => {
    const once = await milliseconds(() => ask(1))
    return ((await milliseconds(() => ask(times + 1))) - once) / times
  })
  return median(pairs)
}

async function series<Value>(count: number, work: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = []
  for (let i = 0; i < count; i++) values.push(await work())
  return values
}
