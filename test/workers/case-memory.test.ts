import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { CaseQuestion, PastCase, Recollection } from '../../core/council/memory/past-case.ts'
import { type CaseScale, scaleFrom } from '../../core/council/memory/scale.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../../core/features/schema.ts'
import { CaseMemory, type CaseMemoryEnv, type CaseMemoryParts } from '../../durable-objects/case-memory.ts'
import { FIXTURE_MANIFEST } from '../support/incident-fixture.ts'
import { VectorizeStandIn } from '../support/vectorize-stand-in.ts'

const env = workerEnv as unknown as { CASE_MEMORY: DurableObjectNamespace<CaseMemory> }
const NOW = Date.UTC(2026, 10, 24)
const DAY = 24 * 3_600_000

/** A window that points into a direction of its own. */
const featuresOf = (direction: number): number[] =>
  Array.from({ length: FEATURE_COUNT }, (_, i) => 2 + 2 * Math.sin((i + 1) * (direction + 1)))
const window = (direction: number) => ({
  schemaHash: SCHEMA_HASH,
  features: featuresOf(direction),
  probabilities: [0.1, 0, 0, 0.7, 0.2, 0, 0],
  predictedClass: 3 as const,
})
const pastCase = (key: string, over: Partial<PastCase> = {}, direction = 0): PastCase => ({
  ...window(direction),
  incidentKey: key,
  incidentId: key.length,
  round: 1,
  verdict: 'THREAT',
  threatClass: 3,
  confidence: 0.8,
  by: 'council',
  who: 'gemini',
  at: NOW - DAY,
  isReused: false,
  ...over,
})
const question = (direction = 0, over: Partial<CaseQuestion> = {}): CaseQuestion => ({
  ...window(direction),
  incidentKey: 'asked',
  ...over,
})

let objects = 0
interface Shelved {
  /** The memory as after a restart. */
  memory: (over?: Partial<CaseMemoryParts>, env?: CaseMemoryEnv) => CaseMemory
  sql: SqlStorage
}
const withMemory = (test: (at: Shelved) => Promise<void>) =>
  runInDurableObject(env.CASE_MEMORY.getByName(`memory-test-${objects++}`), (_, state) =>
    test({
      memory: (over = {}, given = {}) => new CaseMemory(state, given, { clock: () => NOW, ...over }),
      sql: state.storage.sql,
    }),
  )
async function asked(memory: CaseMemory, direction = 0, over: Partial<CaseQuestion> = {}): Promise<Recollection> {
  const answer = await memory.similar(question(direction, over), 5)
  if (!answer.ok) throw new Error(answer.error)
  return answer.value
}

describe('memory', () => {
  it('that ships tells similar cases with who judged them, most similar first, over evictions', async () => {
    const stub = env.CASE_MEMORY.getByName('memory')
    await stub.remember(pastCase('near'))
    await stub.remember(pastCase('far', { verdict: 'FALSE_POSITIVE', who: 'rules' }, 5))
    await evictDurableObject(stub)
    const answer = await stub.similar(question(), 5)
    expect(answer).toMatchObject({
      ok: true,
      value: {
        compared: 2,
        reuse: null,
        similar: [
          {
            key: 'near',
            incidentId: 4,
            similarity: expect.closeTo(1, 5),
            verdict: 'THREAT',
            who: 'gemini',
            at: NOW - DAY,
          },
          { key: 'far', verdict: 'FALSE_POSITIVE', who: 'rules', by: 'council' },
        ],
      },
    })
    expect(await stub.size()).toEqual({ cases: 2, most: 100_000, isIndexed: false })
  })

  it('keeps one case an incident: told twice it is one, a later takes its place, an earlier does not', () =>
    withMemory(async ({ memory }) => {
      await memory().remember(pastCase('a'))
      await memory().remember(pastCase('a'))
      expect((await memory().size()).cases).toBe(1)
      await memory().remember(pastCase('a', { round: 2, verdict: 'INVESTIGATE' }, 3))
      expect(await memory().remember(pastCase('a', { round: 1 }))).toBe(false)
      const { similar } = await asked(memory(), 3)
      expect(similar).toMatchObject([{ key: 'a', verdict: 'INVESTIGATE', similarity: expect.closeTo(1, 5) }])
    }))

  it('gives the verdict of three cases that agree, and not of the incident that asks', () =>
    withMemory(async ({ memory }) => {
      const one = memory()
      for (const key of ['a', 'b', 'asked']) await one.remember(pastCase(key))
      expect((await asked(one)).reuse).toBeNull()
      await one.remember(pastCase('cc', { confidence: 0.6 }))
      const { reuse, compared } = await asked(memory())
      expect(compared).toBe(3)
      expect(reuse).toMatchObject({ verdict: 'THREAT', threatClass: 3, agreeing: 3, confidence: 0.6 })
      expect(reuse!.cases.map(({ key }) => key)).toEqual(['a', 'b', 'cc'])
      const later = { clock: () => NOW + 31 * DAY }
      expect((await asked(memory(later))).reuse).toBeNull()
      expect((await asked(memory(later))).similar).toHaveLength(3)
    }))

  it('sees a case that is against although five others are nearer', () =>
    withMemory(async ({ memory }) => {
      const one = memory()
      for (let i = 0; i < 200; i++) await one.remember(pastCase(`a${i}`))
      const features = featuresOf(0).map((value, i) => value + 0.1 * Math.cos(i))
      await one.remember(pastCase('against', { features, verdict: 'FALSE_POSITIVE' }))
      const { similar, reuse, whyNot } = await asked(one)
      expect(similar.map(({ key }) => key)).not.toContain('against')
      expect(reuse).toBeNull()
      expect(whyNot).toContain('contradict')
    }))

  it('puts an analyst’s word in the place of a verifier’s, and no later case of the council takes it away', () =>
    withMemory(async ({ memory }) => {
      for (const key of ['a', 'b', 'c']) await memory().remember(pastCase(key))
      const word = { verdict: 'FALSE_POSITIVE', threatClass: 3, who: 'Ada', at: NOW } as const
      expect(await memory().override('b', word)).toBe(true)
      expect(await memory().override('b', { ...word, verdict: 'THREAT', at: NOW - 1 })).toBe(false)
      expect(await memory().override('unknown', word)).toBe(false)
      for (const round of [1, 2]) expect(await memory().remember(pastCase('b', { round }))).toBe(false)
      const { similar, reuse } = await asked(memory())
      expect(similar.find(({ key }) => key === 'b')).toMatchObject({
        by: 'analyst',
        who: 'Ada',
        at: NOW,
        confidence: 1,
      })
      expect(reuse).toBeNull()
      // And by itself, of an incident that no verifier looked at.
      expect(await memory().remember(pastCase('d', { by: 'analyst', round: 0, who: 'Ada' }))).toBe(true)
      expect(await memory().remember(pastCase('d'))).toBe(false)
    }))

  it('does not take a verdict that was reused for one more that agrees, until an analyst confirms it', () =>
    withMemory(async ({ memory }) => {
      for (const key of ['a', 'b']) await memory().remember(pastCase(key))
      for (const key of ['r', 's']) await memory().remember(pastCase(key, { isReused: true, who: 'memory' }))
      const { reuse, similar } = await asked(memory())
      expect(reuse).toBeNull()
      expect(similar.filter(({ isReused }) => isReused)).toHaveLength(2)
      await memory().override('r', { verdict: 'THREAT', threatClass: 3, who: 'Ada', at: NOW })
      expect((await asked(memory())).reuse).toMatchObject({ agreeing: 3 })
    }))

  it('lets the oldest go when it is full, an analyst’s last', () =>
    withMemory(async ({ memory }) => {
      const small = { mostCases: 3 }
      await memory(small).remember(pastCase('old analyst', { by: 'analyst', at: NOW - 9 * DAY }))
      await memory(small).remember(pastCase('old', { at: NOW - 8 * DAY }))
      await memory(small).remember(pastCase('newer', { at: NOW - 7 * DAY }))
      await memory(small).remember(pastCase('newest', {}, 2))
      const { similar, compared } = await asked(memory(small))
      expect(compared).toBe(3)
      expect(similar.map(({ key }) => key).sort()).toEqual(['newer', 'newest', 'old analyst'])
      expect((await asked(memory(small), 2)).similar[0]).toMatchObject({
        key: 'newest',
        similarity: expect.closeTo(1, 5),
      })
    }))

  it('keeps the scale that its cases were made with when the model changes, and drops cases of another schema', () =>
    withMemory(async ({ memory, sql }) => {
      const scale = (over: Partial<CaseScale> = {}) => ({ scale: () => ({ ...scaleFrom(FIXTURE_MANIFEST), ...over }) })
      await memory(scale()).remember(pastCase('a'))
      const other = scale({ id: 'of another model', width: Array(FEATURE_COUNT).fill(9) })
      expect((await asked(memory(other))).similar[0]!.similarity).toBeCloseTo(1, 5)
      expect(await memory().remember(pastCase('b', { schemaHash: 'older' }))).toBe(false)
      expect(await memory().similar(question(0, { schemaHash: 'older' }), 5)).toMatchObject({ ok: false })
      sql.exec("UPDATE scale SET scale = json_set(scale, '$.schemaHash', 'older')")
      expect((await memory().size()).cases).toBe(0)
      await memory().remember(pastCase('c'))
      expect((await asked(memory())).similar).toHaveLength(1)
    }))

  it('writes a case whole or not at all', () =>
    withMemory(async ({ memory, sql }) => {
      const one = memory()
      await one.remember(pastCase('a'))
      await asked(one)
      sql.exec("CREATE TRIGGER fails BEFORE INSERT ON blocks BEGIN SELECT RAISE(ABORT, 'no room'); END")
      await expect(one.remember(pastCase('b'))).rejects.toThrow('no room')
      sql.exec('DROP TRIGGER fails')
      expect((await one.size()).cases).toBe(1)
      await one.remember(pastCase('b'))
      expect((await asked(one)).similar.map(({ key }) => key)).toEqual(['a', 'b'])
    }))
})

describe('with a Vectorize index', () => {
  const three = async (memory: CaseMemory) => {
    for (const key of ['a', 'b', 'c']) await memory.remember(pastCase(key))
  }

  it('memory compares what the index proposes, and what it may not have heard of', () =>
    withMemory(async ({ memory }) => {
      const index = new VectorizeStandIn()
      await three(memory({}, { VECTORIZE: index }))
      for (let i = 0; i < 5; i++) await memory({}, { VECTORIZE: index }).remember(pastCase(`far ${i}`, {}, 5 + i))
      expect(index.size).toBe(8)
      // Nothing is searchable yet, and all is found all the same.
      expect((await asked(memory({}, { VECTORIZE: index }))).reuse).toMatchObject({ agreeing: 3 })
      index.settle()
      const later = memory({ clock: () => NOW + DAY }, { VECTORIZE: index })
      const { similar, reuse } = await asked(later)
      expect(index.asked.at(-1)).toMatchObject({ topK: 100, returnMetadata: 'none', returnValues: false })
      expect(similar[0]).toMatchObject({ key: 'a', similarity: expect.closeTo(1, 5) })
      expect(reuse).toMatchObject({ agreeing: 3 })
    }))

  it('an analyst’s word counts at once, though the index knows nothing of it', () =>
    withMemory(async ({ memory }) => {
      const index = new VectorizeStandIn()
      await three(memory({}, { VECTORIZE: index }))
      index.settle()
      const later = memory({ clock: () => NOW + DAY }, { VECTORIZE: index })
      await later.override('a', { verdict: 'FALSE_POSITIVE', threatClass: 3, who: 'Ada', at: NOW })
      expect((await asked(later)).reuse).toBeNull()
    }))

  it('all is compared here when it does not answer, and it is told later what it missed', () =>
    withMemory(async ({ memory }) => {
      const index = new VectorizeStandIn()
      index.isDown = true
      await three(memory({}, { VECTORIZE: index }))
      expect((await asked(memory({ clock: () => NOW + DAY }, { VECTORIZE: index }))).reuse).toMatchObject({
        agreeing: 3,
      })
      index.isDown = false
      await memory({}, { VECTORIZE: index }).remember(pastCase('d'))
      expect(index.size).toBe(4)
    }))

  it('nothing is reused when it tells so many that there may be more', () =>
    withMemory(async ({ memory }) => {
      const index = new VectorizeStandIn()
      for (let i = 0; i < 120; i++) await memory({}, { VECTORIZE: index }).remember(pastCase(`a${i}`))
      index.settle()
      const { reuse, whyNot } = await asked(memory({ clock: () => NOW + DAY }, { VECTORIZE: index }))
      expect(reuse).toBeNull()
      expect(whyNot).toContain('did not tell all')
      expect((await asked(memory())).reuse).toMatchObject({ agreeing: 120 })
    }))
})
