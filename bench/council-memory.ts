import { readFileSync } from 'node:fs'
import { caseVector, STRIDE } from '../core/council/memory/case-vector.ts'
import { FACT_BYTES, writeFacts } from '../core/council/memory/fact-block.ts'
import type { CaseWindow, Recollection } from '../core/council/memory/past-case.ts'
import { type CaseScale, scaleFrom } from '../core/council/memory/scale.ts'
import { BLOCK_SLOTS } from '../core/council/memory/vector-block.ts'
import { parseManifest } from '../core/ensemble/manifest.ts'
import { FEATURE_COUNT, FEATURES, SCHEMA_HASH } from '../core/features/schema.ts'
import { type Random, random } from '../core/learning/random.ts'
import { inRoot } from '../scripts/local/repository.ts'
import { type Bench, mustBe, type Row } from './harness/bench.ts'
import { windowsOfTheDay } from './harness/day-windows.ts'
import type { HttpClient } from './harness/http-client.ts'
import { median, percentile } from './harness/statistics.ts'
import { withWorker } from './harness/worker-alone.ts'

const CASES = 100_000
const SHOWN = 5
const DAY_WINDOWS = 512

type Draw = () => CaseWindow

export const bench: Bench = {
  name: 'council-memory',
  title: "the council's memory: exact search in 100,000 cases",
  explains: `The CaseMemory object in workerd with 100,000 cases in its database, asked over HTTP one question after another. A search is
what a request takes beyond an empty one of the same size, which goes to the object too; time in workerd stands still while it computes.
Two memories: windows of the scripted day with every feature and probability moved by up to a tenth, as cases would be, and windows that
point into random directions, where nothing can be passed over: the worst there is. Recall is proven in the same run: each of the proven
searches must give the very cases that a naive one gives (every product, then sorted), with the same similarities to 1e-9. The reference is
that naive search, in the same isolate. "First search" restarts the object's code, which then reads all blocks from its database.`,
  async run({ quick, say }) {
    const read = parseManifest(JSON.parse(readFileSync(inRoot('models/manifest.json'), 'utf8')))
    mustBe(read.ok, 'the shipped manifest is refused')
    const scale = scaleFrom(read.value)
    const day = await measured(likeTheDay(random(5)), scale, quick, say)
    say('windows like the day’s are measured')
    const worst = await measured(anywhere(scale, random(6)), scale, quick, say)
    const rowsOf = (name: string, of: Measured): Row[] => [
      {
        name: `search, ${name}, median`,
        value: median(of.search),
        unit: 'ms',
        target: { most: 20 },
        reference: { name: 'naive', value: median(of.naive) },
      },
      {
        name: `search, ${name}, p99`,
        value: percentile(of.search, 0.99),
        unit: 'ms',
        target: { most: 20 },
        reference: { name: 'naive, longest', value: Math.max(...of.naive) },
      },
    ]
    return {
      rows: [
        ...rowsOf('windows like the day’s', day),
        ...rowsOf('random directions', worst),
        { name: 'recall', value: 1, unit: '', target: { least: 1 } },
        { name: 'first search', value: day.firstMs, unit: 'ms' },
        { name: 'a case remembered, median', value: median(day.remember), unit: 'ms' },
      ],
      notes: [
        `${CASES.toLocaleString('en')} cases of ${STRIDE} floats; ${day.search.length} searches in each memory, ${day.naive.length} proven against the naive one in each`,
      ],
    }
  },
}

interface Measured {
  search: number[]
  naive: number[]
  remember: number[]
  firstMs: number
}

const measured = (draw: Draw, scale: CaseScale, quick: boolean, say: (text: string) => void): Promise<Measured> =>
  withWorker('council-memory', (client) => measure(client, draw, scale, quick, say), {
    objects: { MEMORY: 'CaseMemory' },
  })

async function measure(
  client: HttpClient,
  draw: Draw,
  scale: CaseScale,
  quick: boolean,
  say: (text: string) => void,
): Promise<Measured> {
  const ask = async <Answer>(path: string, body: Buffer): Promise<{ ms: number; answer: Answer }> => {
    const startedAt = performance.now()
    const { status, body: text } = await client.send('POST', path, {}, body)
    const ms = performance.now() - startedAt
    mustBe(status === 200, `${path} was answered ${status}: ${text.toString().slice(0, 300)}`)
    return { ms, answer: JSON.parse(text.toString()) as Answer }
  }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  await ask('/restart', json({}))
  for (let block = 0; block * BLOCK_SLOTS < CASES; block++)
    await ask(`/block?block=${block}`, blockOf(block, draw, scale))
  say(`${CASES} cases are written`)
  const { answer: size } = await ask<{ cases: number }>('/restart', json({}))
  mustBe(size.cases === CASES, `the memory holds ${size.cases} cases`)

  const times = quick ? 30 : 300
  const questions = Array.from({ length: times }, () => draw())
  const bodies = questions.map((window) => json({ question: { ...window, incidentKey: 'asked' } }))
  const empties: number[] = []
  for (const body of bodies) empties.push((await ask('/nothing', body)).ms)
  const empty = median(empties)
  type Answer = { ok: true; value: Recollection }
  const firstMs = (await ask<Answer>('/search', bodies[0]!)).ms - empty
  // The first ones compile.
  for (const body of bodies.slice(0, 20)) await ask<Answer>('/search', body)
  const found: Recollection[] = []
  const search: number[] = []
  for (const body of bodies) {
    const { ms, answer } = await ask<Answer>('/search', body)
    search.push(ms - empty)
    found.push(answer.value)
  }
  mustBe(
    found.every(({ compared }) => compared === CASES),
    'not all cases were compared',
  )
  const naive: number[] = []
  for (let i = 0; i < Math.max(10, times / 10); i++) {
    const { features, probabilities } = questions[i]!
    const unit = json({ unit: [...caseVector(features, probabilities, scale).unit] })
    const { ms, answer } = await ask<{ slot: number; similarity: number }[]>('/naive', unit)
    // The first one reads the blocks.
    if (i > 0) naive.push(ms - empty)
    mustBeTheSame(found[i]!, answer)
  }
  const remember: number[] = []
  for (let i = 0; i < 20; i++) {
    const said = {
      verdict: 'THREAT',
      threatClass: 3,
      confidence: 0.8,
      by: 'council',
      who: 'rules',
      at: i,
      isReused: false,
    }
    const past = { ...questions[i]!, ...said, incidentKey: `case ${i}`, incidentId: i, round: 2 }
    const { ms, answer } = await ask<boolean>('/remember', json({ past }))
    mustBe(answer, 'a case was not remembered')
    remember.push(ms - empty)
  }
  return { search, naive, remember, firstMs }
}

function mustBeTheSame({ similar }: Recollection, naive: { slot: number; similarity: number }[]): void {
  mustBe(similar.length === SHOWN, `${similar.length} cases were found`)
  for (const [i, one] of similar.entries()) {
    const apart = Math.abs(one.similarity - naive[i]!.similarity)
    mustBe(apart < 1e-9, `the ${i + 1}. similarity is ${one.similarity}, not ${naive[i]!.similarity}`)
    const known = naive.some(
      ({ slot, similarity }) => one.key === `case ${slot}` && Math.abs(similarity - one.similarity) < 1e-9,
    )
    mustBe(known, `${one.key} is not among the nearest`)
  }
}

/** Vectors and facts of a block, as the object's database keeps them. */
function blockOf(block: number, draw: Draw, scale: CaseScale): Buffer {
  const vectors = new Float32Array(BLOCK_SLOTS * STRIDE)
  const facts = new DataView(new ArrayBuffer(BLOCK_SLOTS * FACT_BYTES))
  for (let place = 0; place < BLOCK_SLOTS && block * BLOCK_SLOTS + place < CASES; place++) {
    const { features, probabilities, predictedClass } = draw()
    const { unit, length } = caseVector(features, probabilities, scale)
    vectors.set(unit, place * STRIDE)
    const said = { threatClass: predictedClass, verdict: 'THREAT', isAnalyst: false, isReused: false, at: 0 } as const
    writeFacts(facts, place, { predictedClass, length, ...said })
  }
  return Buffer.concat([Buffer.from(vectors.buffer), Buffer.from(facts.buffer)])
}

function likeTheDay(draws: Random): Draw {
  const rows = windowsOfTheDay(DAY_WINDOWS)
  const moved = (value: number) => value * (0.9 + 0.2 * draws.unit())
  return () => {
    const row = draws.below(DAY_WINDOWS) * FEATURE_COUNT
    const features = Array.from(rows.subarray(row, row + FEATURE_COUNT), (v) => (Number.isNaN(v) ? null : moved(v)))
    return windowOf(features, draws)
  }
}

/** Features whose standardised values are normally distributed. */
function anywhere({ middle, width }: CaseScale, draws: Random): Draw {
  return () => {
    const features = FEATURES.map(({ transform }, i) => {
      const value = middle[i]! + width[i]! * Math.sinh(draws.normal())
      return transform === 'log1p' ? Math.sign(value) * Math.expm1(Math.abs(value)) : value
    })
    return windowOf(features, draws)
  }
}

function windowOf(features: (number | null)[], draws: Random): CaseWindow {
  const scores = Array.from({ length: 7 }, () => draws.unit() ** 4)
  const sum = scores.reduce((a, b) => a + b, 0)
  return { schemaHash: SCHEMA_HASH, features, probabilities: scores.map((p) => p / sum), predictedClass: 3 }
}
