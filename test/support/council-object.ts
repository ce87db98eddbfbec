import { runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { vi } from 'vitest'
import { databaseOf } from '../../adapters/d1/database.ts'
import { NOT_VERIFIED } from '../../core/incidents/record.ts'
import { incidentEvidence, incidents } from '../../core/store/schema.ts'
import { Council, type CouncilParts } from '../../durable-objects/council.ts'
import type { CouncilBudget } from '../../durable-objects/council-budget.ts'
import type { CouncilBudgetPort } from '../../durable-objects/names.ts'
import { chatAnswer, geminiAnswer, logIns, opinionJson, type ScriptedOpinion } from './council-fixture.ts'
import { incidentRow } from './incident-fixture.ts'

/** A real Council object on real storage and a real budget, with clock, providers and alarm driven by the test. */

interface TestEnv {
  DB: D1Database
  COUNCIL: DurableObjectNamespace<Council>
  COUNCIL_BUDGET: DurableObjectNamespace<CouncilBudget>
}
export const env = workerEnv as unknown as TestEnv
export const db = databaseOf(env.DB)

const KEYS = { GEMINI_API_KEY: 'gemini-key', XAI_API_KEY: 'xai-key', OPENAI_API_KEY: 'openai-key' }
export const NOON = Date.UTC(2026, 10, 24, 12)

let cases = 0
/** An incident with its evidence in the database, not verified yet. */
export async function incident(over: Parameters<typeof incidentRow>[2] = {}): Promise<string> {
  const key = `brute-force|test|203.0.113.7|${cases++}`
  const row = incidentRow(key, 3, {
    ml_confidence: 0.72,
    src_ip: '45.33.32.156',
    routing_path: ['ensemble', 'verify'],
    ...over,
  })
  row.triage_note.missing = [NOT_VERIFIED]
  await db.insert(incidents).values(row)
  await db.insert(incidentEvidence).values(
    logIns(6).map(({ n, ts, sensor, format, event, original, matched }) => ({
      incident_key: key,
      n,
      ts,
      sensor,
      stream: 'log',
      format,
      event,
      original,
      matched,
    })),
  )
  return key
}
export async function rowOf(key: string) {
  const [row] = await db.select().from(incidents).where(eq(incidents.incident_key, key))
  return row!
}

export const NOTHING: ScriptedOpinion = { verdict: null, confidence: 0, citations: [], reasoning: 'Nothing is known.' }

export type Provider = 'gemini' | 'grok' | 'openai'
const PROVIDER_OF: [RegExp, Provider][] = [
  [/generativelanguage/, 'gemini'],
  [/api\.x\.ai/, 'grok'],
  [/api\.openai/, 'openai'],
]

/** The object is gone: thrown out of its write, and out of all that it would write later. */
export class Died extends Error {}

/** A case's surroundings: clock, providers, budget and alarm, all driven by the test; and death. */
export class Surroundings {
  now = NOON
  /** Writes of the object so far. */
  writes = 0
  calls: { provider: Provider; body: string }[] = []
  script: Partial<Record<Provider, (body: string) => Response | Promise<Response>>> = {}
  settings: Record<string, unknown> = { ...KEYS }
  readonly #state: DurableObjectState
  readonly #budgetName: string
  #death: { atWrite: number; moment: 'before' | 'after' } | null = null
  #life = { isOver: false }

  constructor(state: DurableObjectState, budgetName: string) {
    this.#state = state
    this.#budgetName = budgetName
    vi.spyOn(state.storage, 'setAlarm').mockResolvedValue()
    const commit = state.storage.transactionSync.bind(state.storage)
    vi.spyOn(state.storage, 'transactionSync').mockImplementation((closure) => this.#write(() => commit(closure)))
  }

  /**
   * The object dies at its nth write from now: after it, or before it, so that what it would note is done and not noted.
   * Calls that it has under way come back to nobody.
   */
  diesAt(nth: number, moment: 'before' | 'after'): void {
    this.#death = { atWrite: this.writes + nth, moment }
  }

  /** Whether it died since. What was left of it is over then, and the next council is a new life. */
  async hasDied(): Promise<boolean> {
    const { isOver } = this.#life
    if (isOver) await scheduler.wait(5)
    this.#death = null
    this.#life = { isOver: false }
    return isOver
  }

  #write<Value>(commit: () => Value): Value {
    if (this.#life.isOver) throw new Died()
    this.writes++
    const isLast = this.writes === this.#death?.atWrite
    if (isLast) this.#life.isOver = true
    if (isLast && this.#death?.moment === 'before') throw new Died()
    const value = commit()
    if (isLast) throw new Died()
    return value
  }

  /** What is asked without a script of its own: a judge that sees a threat, others that know nothing. */
  says(provider: Provider, opinion: ScriptedOpinion): void {
    this.script[provider] = () => Response.json(answerOf(provider, opinionJson(opinion)))
  }

  get sql(): SqlStorage {
    return this.#state.storage.sql
  }

  get budget() {
    return env.COUNCIL_BUDGET.getByName(this.#budgetName)
  }

  /** A council on this object's storage, as after a restart. */
  council(over: Partial<CouncilParts> = {}, budget: CouncilBudgetPort = this.budget): Council {
    const life = this.#life
    // Nothing comes back to the dead.
    const alive = async <Value>(work: () => Promise<Value> | Value): Promise<Value> => {
      const value = life.isOver ? null : await work()
      return life.isOver || value === null ? new Promise(() => {}) : value
    }
    const fetch = (url: unknown, request?: RequestInit) => alive(() => answer(url, request))
    const answer = (url: unknown, request?: RequestInit) => {
      const provider = PROVIDER_OF.find(([host]) => host.test(String(url)))![1]
      const body = String(request?.body)
      this.calls.push({ provider, body })
      const byDefault = () => Response.json(answerOf(provider, opinionJson(provider === 'gemini' ? {} : NOTHING)))
      return (this.script[provider] ?? byDefault)(body)
    }
    const mortalBudget: CouncilBudgetPort = {
      ask: (request) => alive(() => budget.ask(request)),
      settle: (...outcome) => alive(() => budget.settle(...outcome).then(() => undefined)),
      health: () => budget.health(),
    }
    return new Council(
      this.#state,
      { DB: env.DB, COUNCIL_BUDGET: { getByName: () => mortalBudget }, ...this.settings } as never,
      {
        clock: () => this.now++,
        fetch: fetch as typeof globalThis.fetch,
        random: () => 0,
        sleep: async () => {},
        verifiers: new Map(),
        scenarios: () => [],
        ...over,
      },
    )
  }
}

export const answerOf = (provider: Provider, text: string) =>
  provider === 'gemini' ? geminiAnswer(text) : chatAnswer(text)

let objects = 0
/** Unique among the objects of a test file. */
export const newName = (kind: string): string => `${kind}-${objects++}`
/** In a Council object of its own, with a budget of its own or one that is shared. */
export const withCouncil = (test: (at: Surroundings) => Promise<void>, budget = newName('budget')) =>
  runInDurableObject(env.COUNCIL.getByName(newName('council')), (_, state) => test(new Surroundings(state, budget)))

/** Runs a case to its end in one life. */
export async function run(council: Council): Promise<void> {
  while (await council.step());
}
