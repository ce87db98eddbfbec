import { env as workerEnv } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { databaseOf } from '../../adapters/d1/database.ts'
import { TrainingRuns } from '../../adapters/d1/training-runs.ts'
import type { TrainerCalls } from '../../adapters/durable-objects/trainer-caller.ts'
import { SCHEMA_HASH } from '../../core/features/schema.ts'
import { advanced, ended, entered, newRun, type TrainingRun } from '../../core/learning/retraining/run.ts'
import worker from '../../worker/index.ts'
import { beginIfDue } from '../../worker/training.ts'
import { addPeople, appUnderTest, bearer, csrfIn, DB, form, logIn } from '../support/app-under-test.ts'
import { FIXTURE_MANIFEST, FIXTURE_NOW } from '../support/incident-fixture.ts'
import { storeSamples } from '../support/training-fixture.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const db = databaseOf(DB)
const runs = new TrainingRuns(db)

beforeAll(addPeople)
beforeEach(async () => {
  for (const table of ['training_samples', 'training_runs', 'training_run_samples', 'model_versions'])
    await DB.exec(`DELETE FROM ${table}`)
})

/** A trainer that only notes what it is asked. */
class Told implements TrainerCalls {
  run: TrainingRun | null = null
  calls: string[] = []

  async start(reason: string, by: string) {
    this.calls.push(`start ${by} ${reason}`)
    if (this.run) return { started: false, id: this.run.id }
    this.run = newRun(reason, by, FIXTURE_NOW)
    return { started: true, id: this.run.id }
  }
  async stop(by: string) {
    this.calls.push(`stop ${by}`)
    return this.run?.id ?? null
  }
  async view() {
    return { run: this.run, unit: null, trainedAt: null, at: FIXTURE_NOW }
  }
}

function app() {
  const trainer = new Told()
  return {
    trainer,
    bindings: { TRAINER: { getByName: () => trainer } },
    under: appUnderTest({}, {}, { TRAINER: { getByName: () => trainer } }),
  }
}

const post = (role: 'viewer' | 'analyst' | 'admin', body?: unknown): RequestInit => ({
  method: 'POST',
  headers: { ...bearer(role), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})

interface Status {
  samples: unknown
  override_rate: number
  triggers: { projected_at: string }[]
  run: unknown
  runs: unknown
  last_run: { state: string }
  next_check: string
}

/** A run that has ended, in the database. */
async function pastRun(kind: 'passed' | 'rejected' | 'stopped' | 'failed', at: number): Promise<void> {
  await runs.end(ended(newRun('a test', 'picket', at - HOUR), kind, 'as the test says', at), null, {
    seen: [],
    used: [],
  })
}

describe('the API of the learning loop', () => {
  it('begins and stops runs for administrators alone, one at a time', async () => {
    const { trainer, under } = app()
    expect((await under.request('/api/training/stop', post('admin'))).status).toBe(409)
    for (const role of ['viewer', 'analyst'] as const) {
      expect((await under.request('/api/training/run', post(role))).status).toBe(403)
      expect((await under.request('/api/training/stop', post(role))).status).toBe(403)
    }
    const begun = await under.request('/api/training/run', post('admin', { reason: 'a new honeypot' }))
    expect(begun.status).toBe(202)
    expect(await begun.json()).toEqual({ id: trainer.run!.id })
    const again = await under.request('/api/training/run', post('admin'))
    expect(again.status).toBe(409)
    expect(await again.json()).toMatchObject({ type: 'urn:problem-type:picket:training-goes-on' })
    expect((await under.request('/api/training/stop', post('admin'))).status).toBe(202)
    expect(trainer.calls).toEqual([
      'stop token:admin',
      'start token:admin a new honeypot',
      'start token:admin asked for by hand',
      'stop token:admin',
    ])
    expect((await under.request('/api/training/run', post('admin', { because: 'x' }))).status).toBe(400)
  })

  it('tells triggers with value, limit and the expected day, the run that goes on, and runs before', async () => {
    const { trainer, under } = app()
    await storeSamples(DB, 150, {
      model_version: FIXTURE_MANIFEST.version,
      labelled_at: FIXTURE_NOW - DAY,
      created_at: FIXTURE_NOW - DAY,
      ml_prediction: 'Normal',
      correct_label: 'APT',
    })
    await storeSamples(DB, 10, { schema_hash: 'of another schema' })
    await pastRun('rejected', FIXTURE_NOW - 2 * DAY)
    trainer.run = advanced(entered(newRun('a test', 'user:admin', FIXTURE_NOW), 'train'), 3, 12)
    const status = (await (await under.request('/api/training/status', { headers: bearer('viewer') })).json()) as Status
    expect(status.samples).toEqual({ total: 160, unused: 150 })
    expect(status.override_rate).toBe(1)
    expect(status.triggers).toMatchObject([
      { name: 'samples', value: 150, limit: 1000, met: false },
      { name: 'time', value: 2, limit: 7, met: false, projected_at: new Date(FIXTURE_NOW + 5 * DAY).toISOString() },
      { name: 'overrides', value: 1, limit: 0.15, met: true },
      { name: 'drift', value: null, met: false, why: 'not measured yet' },
    ])
    expect(Date.parse(status.triggers[0]!.projected_at)).toBeGreaterThan(FIXTURE_NOW)
    expect(status.run).toMatchObject({ state: 'running', step: 'train', done: 3, total: 12, started_by: 'user:admin' })
    expect(status.runs).toMatchObject([{ state: 'rejected', why: 'as the test says' }])
    expect(status.last_run.state).toBe('rejected')
    expect(Date.parse(status.next_check) % HOUR).toBe(0)
    expect(await (await under.request('/api/training', { headers: bearer('viewer') })).json()).toEqual(status)
  })

  it('says why when no trainer answers, and still tells the rest', async () => {
    const under = appUnderTest()
    const status = await under.request('/api/training', { headers: bearer('viewer') })
    expect(await status.json()).toMatchObject({ run: null, error: 'no trainer is deployed' })
    expect((await under.request('/api/training/run', post('admin'))).status).toBe(503)
  })

  it('counts samples for Prometheus', async () => {
    const { under } = app()
    const measured = async () => (await under.request('/metrics', { headers: bearer('viewer') })).text()
    expect(await measured()).not.toMatch(/^picket_council_override_ratio/m)
    const over = { model_version: FIXTURE_MANIFEST.version, ml_prediction: 'Normal' }
    await storeSamples(DB, 20, { ...over, correct_label: 'APT' })
    await storeSamples(DB, 60, { ...over, correct_label: 'Normal', trust: 'council' })
    await storeSamples(DB, 5, { ...over, correct_label: null, trust: 'weak' })
    const text = await measured()
    expect(text).toMatch(/^picket_training_samples\{part="all"\} 85$/m)
    expect(text).toMatch(/^picket_training_samples\{part="unused"\} 80$/m)
    expect(text).toMatch(/^picket_council_override_ratio 0.25$/m)
  })

  it('lists the model that serves first', async () => {
    const { under } = app()
    const models = (await (await under.request('/api/models', { headers: bearer('viewer') })).json()) as {
      items: unknown[]
    }
    expect(models.items).toMatchObject([{ version: FIXTURE_MANIFEST.version, state: 'active', created_at: null }])
  })
})

describe('a trigger', () => {
  const judged = { schemaHash: SCHEMA_HASH, serving: FIXTURE_MANIFEST.version }
  const due = async () => {
    const { trainer, bindings } = app()
    const reason = await beginIfDue(bindings, db, judged, FIXTURE_NOW)
    return { reason, calls: trainer.calls }
  }

  it('begins a run when it is met, in the name of picket, and none before', async () => {
    await storeSamples(DB, 99, { labelled_at: FIXTURE_NOW - 8 * DAY, created_at: FIXTURE_NOW - 8 * DAY })
    expect(await due()).toEqual({ reason: null, calls: [] })
    await storeSamples(DB, 1, { labelled_at: FIXTURE_NOW - 8 * DAY, trust: 'council' })
    const { reason, calls } = await due()
    expect(reason).toMatch(/^time: 8\.0 days since the first sample, 100 new samples/)
    expect(calls).toEqual([`start picket ${reason}`])
  })

  it('waits a day after a run that was stopped or failed, and not after one that ended', async () => {
    await storeSamples(DB, 120, { labelled_at: FIXTURE_NOW - 9 * DAY, created_at: FIXTURE_NOW - 9 * DAY })
    for (const kind of ['stopped', 'failed'] as const) {
      await DB.exec('DELETE FROM training_runs')
      await pastRun(kind, FIXTURE_NOW - 23 * HOUR)
      expect((await due()).reason).toBeNull()
      await DB.exec('DELETE FROM training_runs')
      await pastRun(kind, FIXTURE_NOW - 25 * HOUR)
      expect((await due()).reason).not.toBeNull()
    }
    await DB.exec('DELETE FROM training_runs')
    await pastRun('rejected', FIXTURE_NOW - 8 * DAY)
    expect((await due()).reason).not.toBeNull()
  })

  it('is looked at by the hourly cron', async () => {
    const { trainer, bindings } = app()
    await storeSamples(DB, 120, { labelled_at: Date.now() - 9 * DAY, created_at: Date.now() - 9 * DAY })
    const { scheduled } = worker
    const cron = (expression: string) =>
      scheduled({ cron: expression } as ScheduledController, { ...workerEnv, ...bindings } as never)
    await cron('*/15 * * * *')
    expect(trainer.calls).toEqual([])
    await cron('0 * * * *')
    expect(trainer.calls).toEqual([expect.stringMatching(/^start picket time: /)])
  })

  it('begins nothing while a run goes on', async () => {
    await storeSamples(DB, 120, { labelled_at: FIXTURE_NOW - 9 * DAY, created_at: FIXTURE_NOW - 9 * DAY })
    const { trainer, bindings } = app()
    trainer.run = newRun('a test', 'user:admin', FIXTURE_NOW)
    expect(await beginIfDue(bindings, db, judged, FIXTURE_NOW)).toBeNull()
    expect(trainer.calls).toEqual([])
  })
})

describe('the page of models', () => {
  it('lets administrators begin and stop a run, and shows others no button', async () => {
    const { trainer, under } = app()
    const admin = { Cookie: await logIn(under, 'admin') }
    const page = await (await under.request('/models', { headers: admin })).text()
    expect(page).toContain('Train now')
    const sent = form({ csrf: csrfIn(page), reason: 'from the page' }, admin)
    expect((await under.request('/models/train', sent)).status).toBe(303)
    expect(trainer.run).toMatchObject({ reason: 'from the page', startedBy: 'user:admin' })
    const going = await (await under.request('/models', { headers: admin })).text()
    expect(going).toContain('Reading samples')
    expect(going).toContain('every 2s')
    expect(going).not.toContain('Train now')
    expect((await under.request('/models/stop', form({ csrf: csrfIn(going) }, admin))).status).toBe(303)

    const viewer = { Cookie: await logIn(under, 'viewer') }
    const seen = await (await under.request('/models', { headers: viewer })).text()
    expect(seen).toContain('Reading samples')
    expect(seen).not.toContain('Stop the run')
    expect((await under.request('/models/train', form({ csrf: csrfIn(seen) }, viewer))).status).toBe(403)
  })

  it('shows what came from outside as text', async () => {
    const { trainer, under } = app()
    trainer.run = newRun('<script>alert(1)</script>', 'user:admin', FIXTURE_NOW)
    const page = await (await under.request('/fragments/models', { headers: bearer('viewer') })).text()
    expect(page).not.toContain('<script>alert')
    expect(page).toContain('&lt;script&gt;')
  })
})
