import { runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { EarlierCase } from '../../core/council/case.ts'
import type { Council } from '../../durable-objects/council.ts'
import { CouncilBudget } from '../../durable-objects/council-budget.ts'
import type { EarlierAnswer } from '../../durable-objects/names.ts'
import { type AppUnderTest, addPeople, appUnderTest, bearer, csrfIn, form, logIn } from '../support/app-under-test.ts'
import { geminiAnswer, opinionJson } from '../support/council-fixture.ts'
import { env, incident, NOON, newName, rowOf, run, type Surroundings, withCouncil } from '../support/council-object.ts'

beforeAll(addPeople)

const ANNA = { actor: 'user:anna', reason: 'It is our own <b>scanner</b>.', at: NOON }

const noted = async (key: string) =>
  (
    await env.DB.prepare(
      "SELECT action, actor, detail FROM audit_log WHERE subject_id = ?1 AND action LIKE 'council-%' ORDER BY id",
    )
      .bind(key)
      .all<{ action: string; actor: string; detail: string }>()
  ).results.map(({ detail, ...entry }) => ({ ...entry, detail: JSON.parse(detail) as Record<string, unknown> }))

/** A case that has been opened and waits for an answer of grok, which the test gives when it likes. */
async function waitingCase(at: Surroundings, key: string) {
  const grok = Promise.withResolvers<Response>()
  at.script.grok = () => grok.promise
  const council = at.council()
  await council.open(key, 6)
  const running = run(council)
  await vi.waitFor(() => expect(at.calls.some(({ provider }) => provider === 'grok')).toBe(true))
  await vi.waitFor(async () => expect((await council.view())!.case.asks[0]!.settled).toBe(true))
  return { council, running, grok }
}

describe('a person who asks again', () => {
  it('gets a new case, in which everybody is asked anew, with the reason on it and in the audit log once', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      expect(await council.askAgain(key, ANNA, null)).toEqual({ ok: true, value: { round: 2 } })
      await run(council)
      expect(await council.view()).toMatchObject({ round: 2, case: { state: 'done', askedBy: ANNA } })
      expect(at.calls.map(({ provider }) => provider).sort()).toEqual([
        'gemini',
        'gemini',
        'grok',
        'grok',
        'openai',
        'openai',
      ])
      for (const { body } of at.calls) expect(body).not.toContain('scanner')
      expect((await rowOf(key)).triage_note.council).toMatchObject({ round: 2, asked_by: ANNA, stopped_by: null })
      expect((await noted(key)).map(({ action }) => action)).toEqual([
        'council-verdict',
        'council-asked-again',
        'council-verdict',
      ])
      expect((await noted(key))[1]).toEqual({
        action: 'council-asked-again',
        actor: 'user:anna',
        detail: { reason: ANNA.reason, round: 2 },
      })
    }))

  it('of an incident that the model was sure of opens its first case', () =>
    withCouncil(async (at) => {
      const key = await incident({ ml_confidence: 0.97, route: 'TRUST', routing_path: ['ensemble', 'trust'] })
      const council = at.council()
      expect(await council.askAgain(key, ANNA, 0)).toEqual({ ok: true, value: { round: 1 } })
      await run(council)
      const row = await rowOf(key)
      expect(row).toMatchObject({ council_verdict: 'THREAT', council_confidence: 0.97 })
      expect(row.routing_path.slice(0, 3)).toEqual(['ensemble', 'trust', 'memory'])
    }))

  it('is refused while a case runs, and when there is a newer case than the one that was seen', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.askAgain(key, ANNA, 0)
      expect(await council.askAgain(key, ANNA, 0)).toEqual({ ok: false, error: 'case-runs' })
      await run(council)
      expect(await council.askAgain(key, ANNA, 0)).toEqual({ ok: false, error: 'newer-case' })
      expect((await council.view())!.round).toBe(1)
    }))
})

describe('a person who stops a case', () => {
  it('ends it at once with what it has; the answer that comes later is paid and kept, and changes nothing', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const { council, running, grok } = await waitingCase(at, key)
      expect(await council.stop(ANNA, 1)).toEqual({ ok: true, value: { round: 1 } })
      await running
      const row = await rowOf(key)
      expect(row).toMatchObject({ council_verdict: null, gemini_analysis: { verdict: 'THREAT' }, grok_intel: null })
      expect(row.triage_note.council).toMatchObject({
        state: 'failed',
        failure: `stopped by anna: ${ANNA.reason}`,
        stopped_by: ANNA,
        cost_usd: null,
      })
      expect(row.triage_note.missing).toContain(`Council: the case failed: stopped by anna: ${ANNA.reason}`)
      expect((await noted(key)).map(({ action }) => action).sort()).toEqual(['council-stopped', 'council-verdict'])
      const before = await at.budget.health()
      expect(before.setAsideUsd).toBeGreaterThan(0)

      const { one } = { one: (await council.view())!.case }
      grok.resolve(Response.json({ choices: [{ message: { content: opinionJson() } }], usage: { prompt_tokens: 1e3 } }))
      await vi.waitFor(async () => expect((await at.budget.health()).setAsideUsd).toBe(0))
      expect((await at.budget.health()).spentTodayUsd).toBeCloseTo(before.spentTodayUsd + 0.003, 9)
      const view = (await council.view())!
      expect({ ...view.case, asks: [] }).toEqual({ ...one, asks: [] })
      expect(view.case.asks[1]).toMatchObject({ state: 'let-go', opinion: null, usage: { inputTokens: 1_000 } })
      expect(view.records.map(({ askId }) => askId)).toEqual(['1-judge', '2-intel'])
      await run(council)
      expect((await rowOf(key)).updated_at).toBe(row.updated_at)
      expect(await council.stop(ANNA, null)).toEqual({ ok: false, error: 'case-over' })
    }))

  it('may ask again while the old call still runs: its answer does not get into the new case', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const { council, running, grok } = await waitingCase(at, key)
      await council.stop(ANNA, 1)
      await running
      delete at.script.grok
      await council.askAgain(key, ANNA, 1)
      await council.step()
      grok.resolve(Response.json({ choices: [{ message: { content: opinionJson({ verdict: 'FALSE_POSITIVE' }) } }] }))
      await run(council)
      const view = (await council.view())!
      expect(view).toMatchObject({ round: 2, case: { state: 'done', conclusion: { verdict: 'THREAT' } } })
      expect(view.case.asks.find(({ role }) => role === 'intel')).toMatchObject({ opinion: { verdict: null } })
      const { state } = at.sql.exec<{ state: string }>('SELECT state FROM cases WHERE round = 1').one()
      expect(JSON.parse(state)).toMatchObject({ state: 'failed', asks: [{}, { state: 'let-go', calls: 1 }] })
    }))

  it('is not followed by the call of an ask that waited for its place, and nothing stays set aside for it', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const place = Promise.withResolvers<void>()
      const { budget } = at
      const council = at.council(
        {},
        {
          ask: async (request) => {
            if (request.verifier === 'grok') await place.promise
            return budget.ask(request)
          },
          settle: (...outcome) => budget.settle(...outcome),
          health: () => budget.health(),
        },
      )
      await council.open(key, 6)
      const running = run(council)
      await vi.waitFor(async () => expect((await council.view())!.case.asks[0]?.settled).toBe(true))
      await council.stop(ANNA, null)
      await running
      place.resolve()
      await vi.waitFor(async () => expect((await council.view())!.case.asks[1]!.settled).toBe(true))
      expect(at.calls.map(({ provider }) => provider)).toEqual(['gemini'])
      const health = await budget.health()
      expect(health.setAsideUsd).toBe(0)
      expect(health.verifiers.find(({ verifier }) => verifier === 'grok')).toMatchObject({
        calls: 0,
        failures: {},
        running: 0,
        breaker: 'closed',
      })
    }))

  it.each([0, 1, 2, 3, 4, 5])('ends it also while step %i works, until it has a conclusion', (steps) =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      for (let step = 0; step < steps; step++) await council.step()
      const working = council.step()
      expect(await council.stop(ANNA, 1)).toMatchObject({ ok: true })
      await working
      // What the step goes on with, with nobody waiting, must not bring the case back.
      await run(council)
      await scheduler.wait(50)
      expect((await council.view())!.case).toMatchObject({ state: 'failed', conclusion: null, isPublished: true })
      expect(await rowOf(key)).toMatchObject({ council_verdict: null, triage_note: { council: { stopped_by: ANNA } } })
    }),
  )

  it('leaves the verdict of the case before it: a case that was stopped has none', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      await run(council)
      const { council_verdict, council_confidence, council_reasoning } = await rowOf(key)
      expect(council_verdict).toBe('THREAT')
      await council.askAgain(key, ANNA, 1)
      expect(await council.stop(ANNA, 2)).toEqual({ ok: true, value: { round: 2 } })
      await run(council)
      const row = await rowOf(key)
      expect(row).toMatchObject({ council_verdict, council_confidence, council_reasoning })
      expect(row.triage_note.council).toMatchObject({ state: 'failed', round: 2, stopped_by: ANNA })
    }))

  it('of a case that has its conclusion comes too late', () =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      await council.open(key, 6)
      for (let step = 0; step < 6; step++) await council.step()
      expect(await council.stop(ANNA, 1)).toEqual({ ok: false, error: 'case-over' })
      await run(council)
      expect(await rowOf(key)).toMatchObject({ council_verdict: 'THREAT' })
    }))

  it('of an incident without a case is refused', () =>
    withCouncil(async (at) => {
      expect(await at.council().stop(ANNA, null)).toEqual({ ok: false, error: 'no-case' })
    }))
})

describe('a question that was answered before', () => {
  const budget = () => newName('budget')

  it('is not asked again in another case with the same evidence; names are those of the present case', async () => {
    const shared = budget()
    const keys: string[] = []
    const judge = (body: string) => {
      const user = /username=\\+"(USER_\d+)/.exec(body)![1]!
      const facts = [{ field: 'username', value: user }]
      return Response.json(
        geminiAnswer(opinionJson({ reasoning: `${user} was tried.`, citations: [{ evidence: 1, says: 'it', facts }] })),
      )
    }
    const runOne = (
      check: (at: Surroundings, council: Council, key: string) => Promise<void>,
      names?: [string, string],
    ) =>
      withCouncil(async (at) => {
        const key = await incident()
        keys.push(key)
        if (names)
          await env.DB.prepare(
            'UPDATE incident_evidence SET event = replace(event, ?2, ?3), original = replace(original, ?2, ?3) WHERE incident_key = ?1',
          )
            .bind(key, ...names)
            .run()
        at.script.gemini = judge
        const council = at.council()
        await council.open(key, 6)
        await run(council)
        await check(at, council, key)
      }, shared)
    await runOne(async (at) => expect(at.calls).toHaveLength(3))
    await runOne(
      async (at, council, key) => {
        expect(at.calls).toEqual([])
        const view = (await council.view())!
        expect(view.case.asks.map(({ from }) => from)).toEqual(
          ['1-judge', '2-intel', '3-remediation'].map((askId) => ({
            incidentKey: keys[0],
            round: 1,
            askId,
            at: expect.any(Number),
          })),
        )
        expect(view.records).toEqual([])
        const row = await rowOf(key)
        expect(row).toMatchObject({
          council_verdict: 'THREAT',
          council_reasoning: 'postgres was tried.',
          api_calls_made: [],
          gemini_analysis: { cost_usd: 0, citations: [{ evidence: 1, struck: null }] },
        })
        expect(row.routing_path).toContain('judge:gemini:earlier:THREAT')
        expect(row.triage_note.council!.cost_usd).toBe(0)
        const { verifiers, setAsideUsd } = await at.budget.health()
        expect(setAsideUsd).toBe(0)
        expect(verifiers.map(({ asked, fromEarlier }) => [asked, fromEarlier])).toEqual([
          [1, 1],
          [1, 1],
          [1, 1],
        ])
        const { request } = appUnderTest(undefined, {}, { COUNCIL: { getByName: () => council } })
        const path = `/incidents/incident/${row.id}/council`
        const page = await (await request(path, { headers: bearer('viewer') })).text()
        const first = (await rowOf(keys[0]!)).id
        expect(page).toMatch(
          new RegExp(
            `from an earlier identical question,\\s*<a href="/incidents/incident/${first}/council">case 1 of #`,
          ),
        )
        expect(page).toContain('All calls together: no cost.')
      },
      ['oracle', 'postgres'],
    )
  })

  it('is asked again after 24 hours, when a person asks, and when the evidence is another', async () => {
    const shared = budget()
    const callsOf = async (
      begin: (council: Council, key: string) => Promise<unknown>,
      { now = NOON, over = {} }: { now?: number; over?: Parameters<typeof incident>[0] } = {},
    ) => {
      let calls = 0
      await withCouncil(async (at) => {
        at.now = now
        const key = await incident(over)
        const council = at.council()
        await begin(council, key)
        await run(council)
        calls = at.calls.length
      }, shared)
      return calls
    }
    const open = (council: Council, key: string) => council.open(key, 6)
    expect(await callsOf(open)).toBe(3)
    expect(await callsOf(open)).toBe(0)
    expect(await callsOf((council, key) => council.askAgain(key, ANNA, 0))).toBe(3)
    expect(await callsOf(open, { over: { events_count: 99 } })).toBe(2)
  })

  const answer = (askId: string, at: number): EarlierAnswer => ({
    model: 'm',
    opinion: {
      verdict: null,
      threatClass: null,
      confidence: 0,
      reasoning: askId,
      citations: [],
      actions: [],
      more: null,
    },
    from: { incidentKey: 'k', round: 1, askId, at } satisfies EarlierCase,
  })
  const withBudget = (test: (one: CouncilBudget, clock: { now: number }) => Promise<void>) =>
    runInDurableObject(env.COUNCIL_BUDGET.getByName(budget()), (_, state) => {
      const clock = { now: NOON }
      const settings = { COUNCIL_DAILY_BUDGET_USD: '9', COUNCIL_CALLS_AT_ONCE: '1' }
      return test(new CouncilBudget(state, settings, { clock: () => clock.now }), clock)
    })
  const ask = (one: CouncilBudget, id: string, digest: string) => one.ask({ id, verifier: 'gemini', usd: 0.01, digest })
  const settle = (one: CouncilBudget, id: string, digest: string, at: number) =>
    one.settle(
      { id, verifier: 'gemini', usd: 0, inputTokens: 1, outputTokens: 1, calls: 1, ms: 1, failure: null },
      { digest, answer: answer(id, at) },
    )

  it('is kept for 24 hours, and 500 of them at most', () =>
    withBudget(async (one, clock) => {
      for (let n = 0; n <= 500; n++) {
        expect(await ask(one, `c${n}`, `d${n}`)).toEqual({ granted: true })
        await settle(one, `c${n}`, `d${n}`, NOON + n)
      }
      expect(await ask(one, 'x', 'd1')).toMatchObject({ granted: false, earlier: { from: { askId: 'c1' } } })
      expect(await ask(one, 'y', 'd500')).toMatchObject({ granted: false, earlier: { from: { askId: 'c500' } } })
      expect(await ask(one, 'z', 'd0')).toEqual({ granted: true })
      await settle(one, 'z', 'd0', NOON + 501)
      clock.now = NOON + 24 * 3_600_000 + 500
      expect(await ask(one, 'u', 'd500')).toEqual({ granted: true })
      await settle(one, 'u', 'd500', clock.now)
      expect(await ask(one, 'v', 'd0')).toMatchObject({ earlier: { from: { askId: 'z' } } })
    }))

  it('while it waits for a place is answered by the call before it', () =>
    withBudget(async (one) => {
      expect(await ask(one, 'a', 'd')).toEqual({ granted: true })
      const waiting = ask(one, 'b', 'd')
      await settle(one, 'a', 'd', NOON)
      expect(await waiting).toMatchObject({ granted: false, earlier: { from: { askId: 'a' } } })
    }))

  it('is not kept when its lease had run out, nor twice', () =>
    withBudget(async (one, clock) => {
      await ask(one, 'a', 'd')
      clock.now += 3_600_000
      await one.health()
      await settle(one, 'a', 'd', NOON)
      expect(await ask(one, 'b', 'd')).toEqual({ granted: true })
    }))
})

describe('over HTTP', () => {
  const asking = async (test: (app: AppUnderTest, at: Surroundings, council: Council, id: number) => Promise<void>) =>
    withCouncil(async (at) => {
      const key = await incident()
      const council = at.council()
      const app = appUnderTest(undefined, {}, { COUNCIL: { getByName: () => council } })
      await test(app, at, council, (await rowOf(key)).id)
    })
  const post = (role: 'viewer' | 'analyst', body: unknown): RequestInit => ({
    method: 'POST',
    headers: { ...bearer(role), 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })

  it('an analyst asks again and stops with a reason, and is told when that cannot be', () =>
    asking(async ({ request }, _, council, id) => {
      const path = `/api/incidents/${id}/council`
      const status = async (what: string, role: 'viewer' | 'analyst', body: unknown) =>
        (await request(`${path}/${what}`, post(role, body))).status
      for (const what of ['ask-again', 'stop']) {
        expect(await status(what, 'viewer', { reason: 'x' })).toBe(403)
        for (const body of [{}, { reason: '' }, { reason: '  ' }, { reason: 'x'.repeat(501) }, { reason: 7 }])
          expect(await status(what, 'analyst', body), JSON.stringify(body)).toBe(400)
        expect((await request(`/api/incidents/999999/council/${what}`, post('analyst', { reason: 'x' }))).status).toBe(
          404,
        )
      }
      expect(await status('stop', 'analyst', { reason: 'x' })).toBe(409)
      const asked = await request(`${path}/ask-again`, post('analyst', { reason: ' y '.repeat(100) }))
      expect([asked.status, await asked.json()]).toEqual([202, { round: 1 }])
      const again = await request(`${path}/ask-again`, post('analyst', { reason: 'x' }))
      expect([again.status, await again.json()]).toMatchObject([409, { type: 'urn:problem-type:picket:case-runs' }])
      const stopped = await request(`${path}/stop`, post('analyst', { reason: 'z', round: 1 }))
      expect([stopped.status, await stopped.json()]).toEqual([202, { round: 1 }])
      await run(council)
      expect(await status('stop', 'analyst', { reason: 'x' })).toBe(409)
      expect((await council.view())!.case).toMatchObject({
        askedBy: { actor: 'token:analyst' },
        failure: 'stopped by token:analyst: z',
      })
      const shown = (await (await request(path, { headers: bearer('analyst') })).json()) as Record<string, unknown>
      const whole = await (await request(`/api/incidents/${id}`, { headers: bearer('viewer') })).json()
      for (const told of [shown, (whole as { council: Record<string, unknown> }).council])
        expect(told).toMatchObject({
          asked_by: { actor: 'token:analyst', reason: expect.stringContaining('y') },
          stopped_by: { actor: 'token:analyst', reason: 'z' },
        })
    }))

  it('a form asks and stops, once however often it is sent, and never without its token', () =>
    asking(async (app, _, council, id) => {
      const path = `/incidents/incident/${id}/council`
      const cookie = await logIn(app, 'analyst')
      const page = async () => (await app.request(path, { headers: { Cookie: cookie } })).text()
      const empty = await page()
      expect(empty).toContain('No case has been opened yet.')
      expect(empty).not.toContain('hx-get')
      const send = (what: string, fields: Record<string, string>) =>
        app.request(`${path}/${what}`, form(fields, { Cookie: cookie }))
      const fields = { csrf: csrfIn(empty), round: '0', reason: 'Look <i>closer</i>' }
      expect((await send('ask-again', { ...fields, csrf: '' })).status).toBe(403)
      expect((await send('ask-again', { ...fields, reason: ' ' })).status).toBe(400)
      const asked = await send('ask-again', fields)
      expect([asked.status, asked.headers.get('Location')]).toEqual([303, path])
      expect((await send('ask-again', fields)).status).toBe(409)
      const runs = await page()
      expect(runs).toContain(`hx-get="/fragments/incident/${id}/council"`)
      expect(runs).toContain('Look &lt;i&gt;closer&lt;/i&gt;')
      expect(runs).toContain(`action="${path}/stop"`)
      await run(council)
      expect((await send('ask-again', fields)).status).toBe(409)
      const over = await (
        await app.request(`/fragments${path.replace('incidents/', '')}`, { headers: { Cookie: cookie } })
      ).text()
      expect(over).not.toContain('hx-get')
      expect(over).toContain(`action="${path}/ask-again"`)
      expect(over).toContain('name="round" value="1"')
      const history = await (await app.request(`/incidents/incident/${id}`, { headers: { Cookie: cookie } })).text()
      expect(history).toContain('council asked again: Look &lt;i&gt;closer&lt;/i&gt;')
    }))

  it('a viewer is shown no form, and is refused', () =>
    asking(async (app, _, _council, id) => {
      const path = `/incidents/incident/${id}/council`
      const cookie = await logIn(app, 'viewer')
      const page = await (await app.request(path, { headers: { Cookie: cookie } })).text()
      expect(page).not.toContain('ask-again')
      const fields = { csrf: csrfIn(page), round: '0', reason: 'x' }
      expect((await app.request(`${path}/ask-again`, form(fields, { Cookie: cookie }))).status).toBe(403)
    }))

  it('says so where no council is deployed', () =>
    asking(async (_, _at, _council, id) => {
      const { request } = appUnderTest()
      expect((await request(`/api/incidents/${id}/council/stop`, post('analyst', { reason: 'x' }))).status).toBe(503)
    }))
})
