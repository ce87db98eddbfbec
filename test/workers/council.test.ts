import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { databaseOf } from '../../adapters/d1/database.ts'
import { writeIncidents } from '../../adapters/d1/incident-writer.ts'
import { NOT_VERIFIED } from '../../core/incidents/record.ts'
import { incidentEvidence, incidents, trainingSamples } from '../../core/store/schema.ts'
import { Council, type CouncilParts } from '../../durable-objects/council.ts'
import { CouncilBudget } from '../../durable-objects/council-budget.ts'
import type { CouncilBudgetPort } from '../../durable-objects/names.ts'
import { addPeople, appUnderTest, bearer } from '../support/app-under-test.ts'
import { chatAnswer, geminiAnswer, logIns, opinionJson, type ScriptedOpinion } from '../support/council-fixture.ts'
import { incidentRow } from '../support/incident-fixture.ts'

interface TestEnv {
  DB: D1Database
  COUNCIL: DurableObjectNamespace<Council>
  COUNCIL_BUDGET: DurableObjectNamespace<CouncilBudget>
}
const env = workerEnv as unknown as TestEnv
const db = databaseOf(env.DB)

const KEYS = { GEMINI_API_KEY: 'gemini-key', XAI_API_KEY: 'xai-key', OPENAI_API_KEY: 'openai-key' }
const NOON = Date.UTC(2026, 10, 24, 12)

let cases = 0
/** An incident with its evidence in the database, not verified yet. */
async function incident(over: Parameters<typeof incidentRow>[2] = {}): Promise<string> {
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
const rowOf = async (key: string) =>
  (await db.select().from(incidents)).find(({ incident_key }) => incident_key === key)!

const NOTHING: ScriptedOpinion = { verdict: null, confidence: 0, citations: [], reasoning: 'Nothing is known.' }

type Provider = 'gemini' | 'grok' | 'openai'
const PROVIDER_OF: [RegExp, Provider][] = [
  [/generativelanguage/, 'gemini'],
  [/api\.x\.ai/, 'grok'],
  [/api\.openai/, 'openai'],
]

/** A case's surroundings: clock, providers, budget and alarm, all driven by the test. */
class Surroundings {
  now = NOON
  calls: { provider: Provider; body: string }[] = []
  script: Partial<Record<Provider, (body: string) => Response | Promise<Response>>> = {}
  settings: Record<string, unknown> = { ...KEYS }
  readonly #state: DurableObjectState
  readonly #budgetName: string

  constructor(state: DurableObjectState, budgetName: string) {
    this.#state = state
    this.#budgetName = budgetName
    vi.spyOn(state.storage, 'setAlarm').mockResolvedValue()
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
    const fetch = async (url: unknown, request?: RequestInit) => {
      const provider = PROVIDER_OF.find(([host]) => host.test(String(url)))![1]
      const body = String(request?.body)
      this.calls.push({ provider, body })
      const byDefault = () => Response.json(answerOf(provider, opinionJson(provider === 'gemini' ? {} : NOTHING)))
      return (this.script[provider] ?? byDefault)(body)
    }
    return new Council(
      this.#state,
      { DB: env.DB, COUNCIL_BUDGET: { getByName: () => budget }, ...this.settings } as never,
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

const answerOf = (provider: Provider, text: string) => (provider === 'gemini' ? geminiAnswer(text) : chatAnswer(text))

let objects = 0
const withCouncil = (test: (at: Surroundings) => Promise<void>) => {
  const name = `council-test-${objects++}`
  return runInDurableObject(env.COUNCIL.getByName(name), (_, state) => test(new Surroundings(state, name)))
}

/** Runs a case to its end in one life. */
async function run(council: Council): Promise<void> {
  while (await council.step());
}

describe('a case', () => {
  it('ends with a verdict on the incident, a training sample, and its cost', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.says('openai', {
        verdict: null,
        actions: [{ action: 'Block it for an hour', why: 'E1', rollback: 'Unblock' }],
      })
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const view = (await council.view())!
      expect(view.case.steps.map(({ state }) => state)).toEqual([
        'created',
        'memory',
        'plan',
        'judge-and-intel',
        'remediation',
        'aggregate',
        'done',
      ])
      expect(at.calls.map(({ provider }) => provider).sort()).toEqual(['gemini', 'grok', 'openai'])
      const row = await rowOf(key)
      expect(row).toMatchObject({
        council_verdict: 'THREAT',
        council_confidence: 0.8,
        status: 'new',
        api_calls_made: ['gemini', 'grok', 'openai'],
        gemini_analysis: { verifier: 'gemini', verdict: 'THREAT' },
        openai_remediation: { actions: [{ action: 'Block it for an hour' }] },
      })
      expect(row.routing_path).toEqual([
        'ensemble',
        'verify',
        'memory',
        'judge:gemini:THREAT',
        'intel:grok:no-verdict',
        'remediation:openai:no-verdict',
        'THREAT',
      ])
      expect(row.triage_note.missing).toEqual([])
      expect(row.triage_note.indicators).toHaveLength(10)
      const samples = await db.select().from(trainingSamples)
      expect(samples.find(({ incident_id }) => incident_id === row.id)).toMatchObject({
        correct_label: 'Brute Force Attack',
        ml_prediction: 'Brute Force Attack',
        council_verdict: 'THREAT',
        trust: 'council',
        was_override: false,
        features: row.features,
      })
      // By the price table: gemini 1,000 in and 150 out, grok and openai 2,000 in and 200 out.
      const usd = (1_000 * 0.3 + 150 * 2.5 + 2_000 * 3 + 200 * 15 + 2_000 * 0.4 + 200 * 1.6) / 1e6
      expect(row.triage_note.council!.cost_usd).toBeCloseTo(usd, 10)
      const health = await at.budget.health()
      expect(health.spentTodayUsd).toBeCloseTo(usd, 10)
      expect(health.setAsideUsd).toBe(0)
    }))

  it('keeps user names, passwords and addresses of ours out of every prompt, and puts them back into the answer', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.script.gemini = (body) => {
        const user = /username=\\+"(USER_\d+)/.exec(body)![1]!
        const facts = [{ field: 'username', value: user }]
        return Response.json(
          geminiAnswer(
            opinionJson({ reasoning: `${user} was tried.`, citations: [{ evidence: 1, says: user, facts }] }),
          ),
        )
      }
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      expect(at.calls).toHaveLength(3)
      for (const { body } of at.calls) expect(body).not.toMatch(/oracle|Winter-|10\.0\.0\.5|bastion|gateway/)
      expect(at.calls.find(({ provider }) => provider === 'grok')!.body).not.toMatch(/username=|E1 ts/)
      const row = await rowOf(key)
      expect(row.council_reasoning).toBe('oracle was tried.')
      expect(row.council_verdict).toBe('THREAT')
    }))

  it('goes on after a crash between any two of its steps, and asks nobody twice', () =>
    withCouncil(async (at) => {
      const key = await incident()
      await at.council().open(key, 6)
      let lives = 0
      while (await at.council().step()) {
        lives++
        expect(lives).toBeLessThan(20)
      }
      expect(lives).toBe(6)
      expect(at.calls.map(({ provider }) => provider).sort()).toEqual(['gemini', 'grok', 'openai'])
      expect((await at.council().view())!.case.state).toBe('done')
      // Woken once more it does nothing.
      expect(await at.council().step()).toBe(false)
      expect(at.calls).toHaveLength(3)
    }))

  it('keeps the answer that came when the object dies before the other one comes', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      for (let step = 0; step < 3; step++) await council.step()
      at.script.grok = () => new Promise(() => {})
      const cutOff = council.step()
      await vi.waitFor(async () => expect((await council.view())!.case.asks[0]!.state).toBe('answered'))
      void cutOff
      delete at.script.grok
      await run(at.council())
      const asked = at.calls.map(({ provider }) => provider)
      expect(asked.filter((provider) => provider === 'gemini')).toHaveLength(1)
      expect(asked.filter((provider) => provider === 'grok')).toHaveLength(2)
      expect((await rowOf(key)).council_verdict).toBe('THREAT')
      // What the call that was cut off may have cost stays set aside.
      expect((await at.budget.health()).setAsideUsd).toBeGreaterThan(0)
    }))

  it('writes its verdict once although the object dies after writing and before noting it', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const before = await rowOf(key)
      const view = (await council.view())!
      // As it stood before the last note.
      const steps = view.case.steps.slice(0, -1)
      const stored = { ...view.case, state: 'aggregate', isPublished: false, steps }
      at.sql.exec('UPDATE cases SET state = ?', JSON.stringify(stored))
      await run(at.council())
      const after = await rowOf(key)
      expect({ ...after, updated_at: 0, triage_note: 0 }).toEqual({ ...before, updated_at: 0, triage_note: 0 })
      const samples = await db.select().from(trainingSamples)
      expect(samples.filter(({ incident_id }) => incident_id === after.id)).toHaveLength(1)
      const { results } = await env.DB.prepare(
        "SELECT count(*) AS n FROM audit_log WHERE subject_id = ?1 AND action = 'council-verdict'",
      )
        .bind(key)
        .all()
      expect(results).toEqual([{ n: 1 }])
    }))

  it('shows the judge one more slice of events when it asks, once', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.says('gemini', { verdict: 'INVESTIGATE', more_events: { event_type: null, from: null, to: null } })
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const judged = at.calls.filter(({ provider }) => provider === 'gemini').map(({ body }) => body)
      expect(judged).toHaveLength(2)
      expect(judged[0]).toContain('allowed once')
      expect(judged[1]).toContain('not allowed')
      // The evidence is small and was shown whole; a second wish is not granted.
      expect((await council.view())!.pack!.counts).toEqual({ seen: 12_345, kept: 6, shown: 6 })
      expect((await rowOf(key)).council_verdict).toBe('INVESTIGATE')
    }))

  it('that is opened again while it runs, or before the incident has grown tenfold, stays one', () =>
    withCouncil(async (at) => {
      const key = await incident({ events_count: 6 })
      const council = at.council()
      await council.open(key, 6)
      await council.open(key, 6)
      await run(council)
      await council.open(key, 59)
      expect((await council.view())!.round).toBe(1)
      await council.open(key, 60)
      expect((await council.view())!.round).toBe(2)
      await run(council)
      expect(at.calls).toHaveLength(6)
      const row = await rowOf(key)
      expect(row.triage_note.council!.round).toBe(2)
      expect(row.routing_path.slice(0, 4)).toEqual(['ensemble', 'verify', 'memory', 'judge:gemini:THREAT'])
    }))
})

describe('a judge that runs here', () => {
  const rules = (answer: () => Promise<unknown>) =>
    new Map([['rules', { name: 'rules', roles: ['judge'], isRemote: false, ask: answer }]]) as never

  it('answers when nobody outside can, is not paid, and needs no second opinion for an acquittal', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.settings = {}
      const verifiers = rules(async () => ({
        ok: true,
        value: {
          opinion: {
            verdict: 'FALSE_POSITIVE',
            threatClass: null,
            confidence: 0.8,
            reasoning: 'Somebody mistyped.',
            citations: [
              { evidence: 6, says: 'the log-in that succeeds', facts: [{ field: 'username', value: 'root' }] },
            ],
            actions: [],
            more: null,
          },
          model: '40 rules',
          usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
          prompt: '',
          answer: '',
          calls: 0,
        },
      }))
      const council = at.council({ verifiers })
      await council.open(key, 6)
      await run(council)
      expect(await rowOf(key)).toMatchObject({ council_verdict: 'FALSE_POSITIVE', api_calls_made: [] })
      expect((await rowOf(key)).triage_note.council!.cost_usd).toBe(0)
      expect((await at.budget.health()).verifiers).toEqual([])
    }))

  it('answers after the one outside has failed', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.script.gemini = () => new Response('', { status: 401 })
      const council = at.council({ verifiers: rules(async () => Promise.reject(new Error('a bug'))) })
      await council.open(key, 6)
      for (let step = 0; step < 4; step++) await council.step().catch(() => {})
      // A bug of a judge does not lose the case: its alarm tries again.
      const [failed, open] = (await council.view())!.case.asks.filter(({ role }) => role === 'judge')
      expect(failed).toMatchObject({ verifier: 'gemini', failure: 'key-refused' })
      expect(open).toMatchObject({ verifier: 'rules', state: 'open' })
    }))
})

describe('an acquittal', () => {
  const harmless: ScriptedOpinion = { verdict: 'FALSE_POSITIVE', confidence: 0.95, reasoning: 'A typing mistake.' }

  it('that is confirmed without the text of strangers dismisses the incident, and the ensemble can bring it back', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.says('gemini', harmless)
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const row = await rowOf(key)
      expect(row).toMatchObject({ council_verdict: 'FALSE_POSITIVE', council_confidence: 0.3 })
      expect(row.status).toBe(row.triage_note.council!.sampled_for_review ? 'new' : 'dismissed')
      // Nothing is asked of the remediation verifier.
      expect(at.calls.map(({ provider }) => provider).sort()).toEqual(['gemini', 'gemini', 'grok'])
      const [, blind] = at.calls.filter(({ provider }) => provider === 'gemini')
      expect(blind!.body).not.toMatch(/Failed password|username=.{0,3}USER/)
      const samples = await db.select().from(trainingSamples)
      expect(samples.find(({ incident_id }) => incident_id === row.id)).toMatchObject({
        correct_label: 'Normal',
        was_override: true,
      })
      await env.DB.prepare("UPDATE incidents SET status = 'dismissed' WHERE incident_key = ?1").bind(key).run()
      await env.DB.prepare(
        "INSERT INTO audit_log (at, actor, action, subject_type, subject_id, detail) VALUES (?1, 'council', 'status-changed', 'incident', ?2, '{}')",
      )
        .bind(at.now, key)
        .run()
      const later = { ...incidentRow(key, 3, { revision: 9, route: 'VERIFY' }), intel: null }
      const write = (incident: typeof later) => writeIncidents(env.DB, { incidents: [incident as never] }, at.now)
      await write(later)
      expect((await rowOf(key)).status).toBe('dismissed')
      await write({ ...later, revision: 10, route: 'TRUST' })
      const back = await rowOf(key)
      expect(back.status).toBe('new')
      // The owner's sentence that nobody has looked does not come back.
      expect(back.triage_note.missing).toEqual([])
    }))

  it('that is not confirmed without the text of strangers becomes a case for a person', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.script.gemini = (body) =>
        Response.json(geminiAnswer(opinionJson(!body.includes('<text of') ? harmless : { verdict: 'THREAT' })))
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      expect(await rowOf(key)).toMatchObject({ council_verdict: 'INVESTIGATE', status: 'new' })
    }))

  it('does not dismiss what a person has taken up', () =>
    withCouncil(async (at) => {
      const key = await incident({ status: 'investigating' })
      at.says('gemini', harmless)
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      expect(await rowOf(key)).toMatchObject({ council_verdict: 'FALSE_POSITIVE', status: 'investigating' })
    }))
})

describe('without anybody to ask outside', () => {
  it('the shipped case is judged by the scenario rules, lives through evictions, and says who did not run', async () => {
    const key = await incident()
    const stub = env.COUNCIL.getByName(key)
    await stub.open(key, 6)
    for (let life = 0; life < 8; life++) {
      await evictDurableObject(stub)
      await runInDurableObject(stub, async (council) => {
        await council.step()
      })
    }
    await runDurableObjectAlarm(stub)
    const view = (await stub.view())!
    expect(view.case.steps.map(({ state }) => state)).toEqual([
      'created',
      'memory',
      'plan',
      'judge-and-intel',
      'remediation',
      'aggregate',
      'done',
    ])
    expect(view.case.asks.map(({ verifier }) => verifier)).toEqual(['rules'])
    expect(view.case.notRun.map(({ role, verifier }) => [role, verifier])).toContainEqual(['judge', 'gemini'])
    expect(view.records).toEqual([])
    const row = await rowOf(key)
    expect(row.council_verdict).toBe(view.case.conclusion!.verdict)
    expect(row.gemini_analysis).toBeNull()
    expect(row.api_calls_made).toEqual([])
    expect(row.triage_note.missing).toEqual([])
  })

  it('nor here the case ends as failed and says why', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.settings = {}
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const row = await rowOf(key)
      expect(row.council_verdict).toBeNull()
      expect(row.triage_note.missing[0]).toBe(NOT_VERIFIED)
      expect(row.triage_note.missing[1]).toContain('GEMINI_API_KEY is not set')
      expect((await db.select().from(trainingSamples)).filter(({ incident_id }) => incident_id === row.id)).toEqual([])
    }))

  it('a case whose verifiers all fail keeps what it has', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.script.gemini = () => new Response('', { status: 500 })
      at.says('grok', { verdict: null, citations: [], reasoning: 'A known scanner.' })
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const row = await rowOf(key)
      expect(row).toMatchObject({ council_verdict: null, grok_intel: { reasoning: 'A known scanner.' } })
      expect(row.triage_note.council).toMatchObject({ state: 'failed', failure: expect.stringContaining('status 500') })
      // One and two retries.
      expect(at.calls.filter(({ provider }) => provider === 'gemini')).toHaveLength(3)
    }))
})

describe('the budget', () => {
  const budget = (
    settings: Record<string, string>,
    test: (of: (now: () => number) => CouncilBudget) => Promise<void>,
  ) =>
    runInDurableObject(env.COUNCIL_BUDGET.getByName(`budget-${objects++}`), (_, state) =>
      test((now) => new CouncilBudget(state, settings, { clock: now })),
    )
  const outcome = (id: string, usd: number) => ({
    id,
    verifier: 'gemini' as const,
    usd,
    inputTokens: 1,
    outputTokens: 1,
    calls: 1,
    ms: 5,
    failure: null,
  })

  it('stops calls before it is passed, over crashes too, until the next day', () =>
    budget({ COUNCIL_DAILY_BUDGET_USD: '0.10' }, async (of) => {
      let now = NOON
      const ask = (id: string, usd: number) => of(() => now).ask({ id, verifier: 'gemini', usd })
      expect(await ask('a', 0.06)).toEqual({ granted: true })
      expect(await ask('a', 0.06)).toEqual({ granted: true })
      expect(await ask('b', 0.06)).toMatchObject({ granted: false })
      await of(() => now).settle(outcome('a', 0.02))
      await of(() => now).settle(outcome('a', 0.02))
      expect((await of(() => now).health()).spentTodayUsd).toBeCloseTo(0.02)
      expect(await ask('b', 0.08)).toEqual({ granted: true })
      // A case that died: what was set aside for it counts as spent.
      now += 3_600_000
      expect(await ask('c', 0.01)).toMatchObject({ granted: false })
      expect((await of(() => now).health()).spentTodayUsd).toBeCloseTo(0.1)
      now += 24 * 3_600_000
      expect(await ask('c', 0.1)).toEqual({ granted: true })
    }))

  it('lets so many calls of a verifier run at once, and gives the places in order', () =>
    budget({ COUNCIL_DAILY_BUDGET_USD: '9', COUNCIL_CALLS_AT_ONCE: '2' }, async (of) => {
      const one = of(() => NOON)
      const granted: string[] = []
      const asks = ['a', 'b', 'c', 'd'].map((id) =>
        one.ask({ id, verifier: 'gemini', usd: 0.01 }).then(() => granted.push(id)),
      )
      await Promise.all(asks.slice(0, 2))
      expect(granted).toEqual(['a', 'b'])
      expect(await one.ask({ id: 'x', verifier: 'grok', usd: 0.01 })).toEqual({ granted: true })
      await one.settle(outcome('b', 0))
      await asks[2]
      expect(granted).toEqual(['a', 'b', 'c'])
      expect((await one.health()).verifiers.find(({ verifier }) => verifier === 'gemini')).toMatchObject({
        running: 2,
        waiting: 1,
      })
      await one.settle(outcome('a', 0))
      await asks[3]
    }))

  it('leaves a verifier alone that fails again and again', () =>
    budget({ COUNCIL_DAILY_BUDGET_USD: '9' }, async (of) => {
      let now = NOON
      const one = of(() => now)
      for (let i = 0; i < 5; i++) {
        expect(await one.ask({ id: `f${i}`, verifier: 'gemini', usd: 0.01 })).toEqual({ granted: true })
        await one.settle({ ...outcome(`f${i}`, 0), failure: 'server-error' })
      }
      expect(await one.ask({ id: 'g', verifier: 'gemini', usd: 0.01 })).toMatchObject({ granted: false })
      now += 60_000
      expect(await one.ask({ id: 'g', verifier: 'gemini', usd: 0.01 })).toEqual({ granted: true })
    }))

  it('that has no room leaves the case without the verifier, which says so', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council(
        {},
        {
          ask: async () => ({ granted: false, why: 'The budget has no room.' }),
          settle: async () => {},
          health: async () => {
            throw new Error('not asked')
          },
        },
      )
      await council.open(key, 6)
      await run(council)
      expect(at.calls).toEqual([])
      expect((await rowOf(key)).triage_note.council!.failure).toContain('The budget has no room.')
    }))
})

describe('what people see', () => {
  const shown = async (at: Surroundings, council: Council) => {
    const app = appUnderTest(
      undefined,
      {},
      {
        COUNCIL: { getByName: () => ({ view: () => council.view() }) },
        COUNCIL_BUDGET: { getByName: () => at.budget },
      },
    )
    return async (path: string, role: 'viewer' | 'analyst') =>
      (await app.request(path, { headers: bearer(role) })).text()
  }
  beforeAll(addPeople)

  it('is the case as it ran, each answer with its citations, struck ones struck, what did not run, and the cost', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.settings = { GEMINI_API_KEY: 'k' }
      at.script.gemini = (body) => {
        const password = /password=\\+"(PASSWORD_\d+)/.exec(body)![1]!
        return Response.json(
          geminiAnswer(
            opinionJson({
              reasoning: `<b>${password}</b> was tried.`,
              citations: [
                { evidence: 1, says: 'log-in', facts: [{ field: 'dst_port', value: '22' }] },
                { evidence: 2, says: 'another port', facts: [{ field: 'dst_port', value: '2222' }] },
              ],
            }),
          ),
        )
      }
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const get = await shown(at, council)
      const path = `/incidents/incident/${(await rowOf(key)).id}`
      const analyst = await get(`${path}/council`, 'analyst')
      expect(analyst).toContain(`href="${path}/evidence/1"`)
      expect(analyst).toMatch(/<s>.*evidence\/2.*<\/s>/s)
      expect(analyst).toContain('XAI_API_KEY is not set.')
      expect(analyst).toContain('1,000 tokens in and 150 out, $0.00068')
      expect(analyst).toContain('&lt;b&gt;Winter-0&lt;/b&gt; was tried.')
      expect(analyst).toContain('BEGIN DATA')
      const viewer = await get(`${path}/council`, 'viewer')
      expect(viewer).toContain('&lt;b&gt;PASSWORD_1&lt;/b&gt; was tried.')
      expect(viewer).not.toMatch(/Winter-|BEGIN DATA/)
      expect(await get(path, 'viewer')).not.toContain('Winter-')
      expect(await get(`/api/incidents/${(await rowOf(key)).id}`, 'viewer')).not.toContain('Winter-')
    }))

  it('is, of an incident without a case, that there is none', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const get = await shown(at, at.council())
      expect(await get(`/incidents/incident/${(await rowOf(key)).id}/council`, 'viewer')).toContain(
        'No case has been opened yet.',
      )
    }))

  it('are, in the API, all fields of the data-flow document, stored and served, with prompts and answers for analysts', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.says('gemini', { threat_class: 6, confidence: 0.9 })
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const get = await shown(at, council)
      const path = `/api/incidents/${(await rowOf(key)).id}`
      const detail = JSON.parse(await get(path, 'viewer'))
      expect(detail.council).toMatchObject({
        final_verdict: 'THREAT',
        council_confidence: 0.9,
        council_reasoning: expect.stringContaining('Many names are tried in a row (E1).'),
        routing_path: [
          'ensemble',
          'verify',
          'memory',
          'judge:gemini:THREAT',
          'intel:grok:no-verdict',
          'remediation:openai:no-verdict',
          'THREAT',
        ],
        api_calls_made: ['gemini', 'grok', 'openai'],
        processing_time_ms: expect.any(Number),
        gemini_analysis: { verifier: 'gemini', verdict: 'THREAT', threat_class: 6, cost_usd: expect.any(Number) },
        grok_intel: { verifier: 'grok', verdict: null },
        openai_remediation: { verifier: 'openai' },
        absent: { gemini_analysis: null, grok_intel: null, openai_remediation: null },
        corrected_class: { id: 6, name: 'APT' },
        cost_usd: expect.any(Number),
        disputed: false,
        state: 'done',
        round: 1,
        failure: null,
      })
      // The same names at the top, where the contract has them; the class stays the ensemble's.
      for (const field of [
        'council_confidence',
        'council_reasoning',
        'routing_path',
        'api_calls_made',
        'gemini_analysis',
        'grok_intel',
        'openai_remediation',
      ])
        expect(detail[field]).toEqual(detail.council[field])
      expect(detail).toMatchObject({ council_verdict: 'THREAT', threat_class: 3 })
      expect(detail.training_sample).toMatchObject({ correct_label: 'APT', trust: 'council', was_override: true })
      const ran = JSON.parse(await get(`${path}/council`, 'analyst'))
      expect(ran.asks.map(({ verifier }: { verifier: string }) => verifier)).toEqual(['gemini', 'grok', 'openai'])
      for (const ask of ran.asks)
        expect(ask).toMatchObject({
          prompt: expect.stringContaining('BEGIN DATA'),
          answer: expect.stringContaining('reasoning'),
          cost_usd: expect.any(Number),
          input_tokens: expect.any(Number),
          why: null,
        })
      expect(await get(`${path}/council`, 'viewer')).toContain('"status":403')
    }))

  it('says of each answer that is absent why it is', () =>
    withCouncil(async (at) => {
      const absentOf = async (key: string) => {
        const get = await shown(at, at.council())
        return JSON.parse(await get(`/api/incidents/${(await rowOf(key)).id}`, 'viewer')).council
      }
      const notYet = await incident()
      expect(await absentOf(notYet)).toMatchObject({
        state: null,
        final_verdict: null,
        absent: { gemini_analysis: 'No case of the council on it is over yet.' },
      })
      const sure = await incident({ ml_confidence: 0.97 })
      expect((await absentOf(sure)).absent.grok_intel).toContain('sure enough')
      at.settings = { GEMINI_API_KEY: 'k', OPENAI_API_KEY: 'k' }
      at.says('gemini', { verdict: 'FALSE_POSITIVE', confidence: 0.9 })
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      expect(await absentOf(key)).toMatchObject({
        final_verdict: 'FALSE_POSITIVE',
        council_confidence: 0.3,
        absent: {
          gemini_analysis: null,
          grok_intel: 'XAI_API_KEY is not set.',
          openai_remediation: 'There is nothing to remedy in a false positive.',
        },
      })
    }))

  it('says of a verifier that failed how it failed', () =>
    withCouncil(async (at) => {
      const key = await incident()
      at.script.openai = () => new Response('', { status: 500 })
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const get = await shown(at, council)
      const { council: part } = JSON.parse(await get(`/api/incidents/${(await rowOf(key)).id}`, 'viewer'))
      expect(part).toMatchObject({
        final_verdict: 'THREAT',
        openai_remediation: null,
        absent: { openai_remediation: expect.stringMatching(/^It failed: .*500/) },
      })
    }))

  it('are figures of verdicts, calls and dollars at /api/council/stats and /metrics', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const get = await shown(at, council)
      const stats = JSON.parse(await get('/api/council/stats', 'viewer'))
      expect(stats.error).toBeNull()
      expect(stats.verdicts.THREAT).toBeGreaterThan(0)
      expect(stats.verdicts.failed).toBeGreaterThan(0)
      expect(stats.verifiers.find((one: { verifier: string }) => one.verifier === 'gemini')).toMatchObject({
        asked: 1,
        answered: 1,
        calls: 1,
        input_tokens: 1_000,
        output_tokens: 150,
        usd: expect.closeTo(0.000675, 9),
        breaker: 'closed',
        running: 0,
      })
      const metrics = await get('/metrics', 'viewer')
      expect(metrics).toMatch(/picket_council_cases_total\{verdict="THREAT"\} [1-9]/)
      expect(metrics).toMatch(/picket_council_usd_total\{verifier="gemini"\} 0\.000675/)
    }))
})
