import { beforeAll, describe, expect, it } from 'vitest'
import { CouncilIncidents } from '../../adapters/d1/council-incidents.ts'
import { databaseOf } from '../../adapters/d1/database.ts'
import { writeIncidents } from '../../adapters/d1/incident-writer.ts'
import { TrainingSamples } from '../../adapters/d1/training-samples.ts'
import type { VerdictRecord } from '../../core/council/verdict-record.ts'
import type { Verdict } from '../../core/council/verifier.ts'
import { type ClassId, classOf } from '../../core/taxonomy.ts'
import {
  type AppUnderTest,
  addPeople,
  appUnderTest,
  bearer,
  csrfIn,
  DB,
  form,
  logIn,
} from '../support/app-under-test.ts'
import { FIXTURE_NOW, type IncidentInsert, incidentRow, insertIncidents } from '../support/incident-fixture.ts'

const db = databaseOf(DB)
const samples = new TrainingSamples(db)
const council = new CouncilIncidents(db)

interface Detail {
  id: number
  status: string
  analyst_verdict: string | null
  analyst_class: number | null
  verification: string
  threat_class: number
  verdicts: { by: string; actor: string; verdict: string | null; label: string | null; comment: string | null }[]
  training_sample: {
    correct_label: string | null
    trust: string
    labelled_by: string
    was_override: boolean
    ml_prediction: string
    used_for_training: boolean
  } | null
  audit: { actor: string; action: string; detail: Record<string, unknown> }[]
}

let under: AppUnderTest
beforeAll(async () => {
  await addPeople()
  under = appUnderTest()
})

let made = 0
async function incident(over: Partial<IncidentInsert> = {}): Promise<{ key: string; id: number }> {
  const key = `brute-force||198.51.100.${made}|${made++}`
  const [id] = await insertIncidents(DB, [incidentRow(key, 3, { ml_confidence: 0.72, ...over })])
  return { key, id: id! }
}
const ask = async (id: number): Promise<Detail> =>
  (await under.request(`/api/incidents/${id}`, { headers: bearer('analyst') })).json()
const send = (id: number, body: unknown, role: 'viewer' | 'analyst' | 'admin' = 'analyst', method = 'POST') => {
  under.clock.now += 1_000
  return under.request(`/api/incidents/${id}/verdict`, {
    method,
    headers: { ...bearer(role), 'Content-Type': 'application/json' },
    ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
  })
}
async function say(id: number, body: unknown, role: 'analyst' | 'admin' = 'analyst'): Promise<Detail> {
  const answer = await send(id, body, role)
  expect(answer.status).toBe(200)
  return answer.json()
}
async function undo(id: number): Promise<Detail> {
  const answer = await send(id, null, 'analyst', 'DELETE')
  expect(answer.status).toBe(200)
  return answer.json()
}

/** What a case writes when it is over. */
const verdictRecord = (key: string, verdict: Verdict, threatClass: ClassId, round = 1): VerdictRecord => ({
  incidentKey: key,
  round,
  verdict,
  confidence: 0.8,
  reasoning: 'As the events say.',
  path: [verdict],
  apiCalls: [],
  columns: { gemini_analysis: null, grok_intel: null, openai_remediation: null },
  note: {
    state: 'done',
    round,
    verdict,
    corrected_class: threatClass === 3 ? null : { id: threatClass, name: classOf(threatClass).name },
    remarks: [],
    disputed: false,
    sampled_for_review: false,
    not_run: [],
    failure: null,
    cost_usd: 0,
    processing_time_ms: 5,
    at: FIXTURE_NOW,
  } as VerdictRecord['note'],
  missing: { removed: [], added: [] },
  isDismissed: verdict === 'FALSE_POSITIVE',
  label: verdict === 'INVESTIGATE' ? null : classOf(verdict === 'THREAT' ? threatClass : 0).name,
})
async function councilSays(key: string, verdict: Verdict, threatClass: ClassId = 3, round = 1): Promise<void> {
  await council.writeVerdict(verdictRecord(key, verdict, threatClass, round), FIXTURE_NOW)
  expect((await samples.collect(key, FIXTURE_NOW)).ok).toBe(true)
}
const sampleOf = (key: string) =>
  DB.prepare('SELECT * FROM training_samples WHERE sample_key = ?')
    .bind(`incident|${key}`)
    .first<Record<string, unknown> & { features: string; correct_label: string | null; was_override: number }>()
const uncollected = async () =>
  (await DB.prepare('SELECT count(*) AS n FROM incident_verdicts WHERE collected = 0').first<{ n: number }>())!.n

describe('an analyst’s verdict', () => {
  it('is on the incident with who gave it, the status follows, and the sample’s label is replaced', async () => {
    const { key, id } = await incident()
    await councilSays(key, 'THREAT')
    const after = await say(id, { verdict: 'false_positive', comment: 'Backup host with an old password.' })
    expect(after).toMatchObject({
      status: 'dismissed',
      analyst_verdict: 'false_positive',
      analyst_class: 0,
      verification: 'verified',
      // The ensemble's class stays: both are shown.
      threat_class: 3,
      training_sample: {
        correct_label: 'Normal',
        trust: 'analyst',
        labelled_by: 'token:analyst',
        was_override: true,
        ml_prediction: 'Brute Force Attack',
        used_for_training: false,
      },
    })
    expect(after.verdicts).toMatchObject([
      { by: 'analyst', actor: 'token:analyst', verdict: 'false_positive', label: 'Normal' },
      { by: 'council', actor: 'council', verdict: 'THREAT', label: 'Brute Force Attack' },
    ])
    expect(after.audit.map(({ action }) => action)).toEqual(['status-changed', 'analyst-verdict', 'council-verdict'])
    expect(after.audit[0]!.detail).toMatchObject({ from: 'new', to: 'dismissed' })
    expect(await sampleOf(key)).toMatchObject({ council_verdict: 'THREAT', schema_hash: expect.any(String) })
    expect(JSON.parse((await sampleOf(key))!.features)).toHaveLength(100)
  })

  it('corrects the class, and agrees without being an override', async () => {
    const { id } = await incident()
    expect((await say(id, { verdict: 'true_positive', correct_class: 6 })).training_sample).toMatchObject({
      correct_label: 'APT',
      was_override: true,
    })
    const agreed = await say(id, { verdict: 'true_positive' })
    expect(agreed.training_sample).toMatchObject({ correct_label: 'Brute Force Attack', was_override: false })
    expect(agreed).toMatchObject({ status: 'investigating', analyst_class: 3 })
  })

  it('against the council is an override though the ensemble said the same', async () => {
    const { key, id } = await incident()
    await councilSays(key, 'FALSE_POSITIVE')
    const after = await say(id, { verdict: 'true_positive' })
    expect(after.training_sample).toMatchObject({ correct_label: 'Brute Force Attack', was_override: true })
    // What the council had dismissed is taken up.
    expect(after.status).toBe('investigating')
  })

  it('that the act was allowed dismisses the incident and leaves its class to be learned', async () => {
    const { id } = await incident({ status: 'investigating' })
    const after = await say(id, { verdict: 'benign_true_positive' })
    expect(after.status).toBe('dismissed')
    expect(after.training_sample).toMatchObject({ correct_label: 'Brute Force Attack', was_override: false })
  })

  it('taken back gives the council’s label and the status from before', async () => {
    const { key, id } = await incident()
    await councilSays(key, 'THREAT', 6)
    await say(id, { verdict: 'false_positive' })
    await say(id, { verdict: 'benign_true_positive' })
    const back = await undo(id)
    expect(back).toMatchObject({
      status: 'new',
      analyst_verdict: null,
      analyst_class: null,
      training_sample: { correct_label: 'APT', trust: 'council', labelled_by: 'council', was_override: true },
    })
    expect(back.verdicts.map(({ verdict }) => verdict)).toEqual([
      null,
      'benign_true_positive',
      'false_positive',
      'THREAT',
    ])
    // Nothing stands any more: once more it changes nothing.
    expect(await undo(id)).toEqual(back)
    expect((await say(id, { verdict: null })).verdicts).toHaveLength(4)
  })

  it('taken back where nobody else had judged leaves no label, but for a prediction that was trusted', async () => {
    const { id } = await incident()
    await say(id, { verdict: 'true_positive' })
    expect((await undo(id)).training_sample).toMatchObject({ correct_label: null, trust: 'weak' })
    const trusted = await incident({ ml_confidence: 0.97 })
    await say(trusted.id, { verdict: 'false_positive' })
    expect((await undo(trusted.id)).training_sample).toMatchObject({
      correct_label: 'Brute Force Attack',
      trust: 'weak',
      labelled_by: 'ensemble',
      was_override: false,
    })
  })

  it('taken back leaves a status that somebody changed meanwhile', async () => {
    const { id } = await incident()
    await say(id, { verdict: 'true_positive' })
    const headers = { ...bearer('analyst'), 'Content-Type': 'application/json' }
    const body = JSON.stringify({ status: 'resolved' })
    await under.request(`/api/incidents/${id}`, { method: 'PATCH', headers, body })
    expect((await undo(id)).status).toBe('resolved')
  })

  it('of two at once the later counts, and both are in the history', async () => {
    const { id } = await incident()
    const both = [send(id, { verdict: 'true_positive' }, 'analyst'), send(id, { verdict: 'false_positive' }, 'admin')]
    for (const answer of await Promise.all(both)) expect(answer.status).toBe(200)
    const after = await ask(id)
    expect(after.verdicts).toHaveLength(2)
    expect(after.analyst_verdict).toBe(after.verdicts[0]!.verdict)
    expect(after.training_sample).toMatchObject({ labelled_by: after.verdicts[0]!.actor })
    expect(after.status).toBe(after.analyst_verdict === 'false_positive' ? 'dismissed' : 'investigating')
    expect((await undo(id)).status).toBe('new')
  })

  it('stands over a later case of the council, whose own label is kept beside it', async () => {
    const { key, id } = await incident()
    await say(id, { verdict: 'false_positive' })
    await councilSays(key, 'THREAT', 6)
    expect((await ask(id)).training_sample).toMatchObject({ correct_label: 'Normal', trust: 'analyst' })
    expect((await undo(id)).training_sample).toMatchObject({ correct_label: 'APT', trust: 'council' })
  })

  it('keeps what its owner writes later from touching it', async () => {
    const { key, id } = await incident()
    await say(id, { verdict: 'false_positive' })
    const later = { ...incidentRow(key, 3, { revision: 9, ml_confidence: 0.97 }), intel: null }
    await writeIncidents(DB, { incidents: [later as never] }, FIXTURE_NOW)
    // The ensemble brings back what the council dismissed, never what an analyst did.
    expect(await ask(id)).toMatchObject({ status: 'dismissed', analyst_verdict: 'false_positive' })
  })

  it('on what the council had dismissed already keeps the ensemble from bringing it back, until it is taken back', async () => {
    const { key, id } = await incident()
    await councilSays(key, 'FALSE_POSITIVE')
    const surer = (revision: number) =>
      writeIncidents(
        DB,
        { incidents: [{ ...incidentRow(key, 3, { revision, ml_confidence: 0.97 }), intel: null } as never] },
        FIXTURE_NOW,
      )
    await say(id, { verdict: 'true_positive' })
    await say(id, { verdict: 'false_positive' })
    await surer(10)
    expect((await ask(id)).status).toBe('dismissed')
    expect((await undo(id)).status).toBe('dismissed')
    await surer(11)
    expect((await ask(id)).status).toBe('new')
  })
})

describe('what cannot be said', () => {
  it.each([
    [{ verdict: 'maybe' }, 400],
    [{ verdict: 'true_positive', correct_class: 7 }, 400],
    [{ verdict: 'true_positive', correct_class: 0 }, 400],
    [{ verdict: 'true_positive', correct_class: '3' }, 400],
    [{ verdict: 'false_positive', correct_class: 3 }, 400],
    [{ verdict: 'true_positive', who: 'me' }, 400],
    [{ verdict: 'true_positive', comment: 'x'.repeat(2_001) }, 400],
    [{}, 400],
  ])('%j is refused', async (body, status) => {
    const { id } = await incident()
    expect((await send(id, body)).status).toBe(status)
    expect((await ask(id)).verdicts).toEqual([])
  })

  it('of an unknown incident is 404, by a viewer 403', async () => {
    expect((await send(999_999, { verdict: 'true_positive' })).status).toBe(404)
    expect((await send(999_999, null, 'analyst', 'DELETE')).status).toBe(404)
    const { id } = await incident()
    expect((await send(id, { verdict: 'true_positive' }, 'viewer')).status).toBe(403)
    expect((await send(id, null, 'viewer', 'DELETE')).status).toBe(403)
  })
})

describe('a sample', () => {
  it('of a case that decided nothing has no label, and is kept', async () => {
    const { key } = await incident()
    await councilSays(key, 'INVESTIGATE')
    expect(await sampleOf(key)).toMatchObject({
      correct_label: null,
      council_verdict: 'INVESTIGATE',
      was_override: 0,
      ml_prediction: 'Brute Force Attack',
      labelled_by: 'council',
    })
  })

  it('that a crash left undone is made by the hour, once', async () => {
    const { key } = await incident()
    // The verdict is written, and whoever wrote it dies.
    await council.writeVerdict(verdictRecord(key, 'FALSE_POSITIVE', 3), FIXTURE_NOW)
    expect(await sampleOf(key)).toBeNull()
    expect(await samples.collectDue(100, FIXTURE_NOW)).toEqual({ collected: 1, failed: [] })
    expect(await sampleOf(key)).toMatchObject({ correct_label: 'Normal', was_override: 1 })
    expect(await samples.collectDue(100, FIXTURE_NOW)).toEqual({ collected: 0, failed: [] })
  })

  it('that an older state of the verdicts would change stays as it is', async () => {
    const { key, id } = await incident()
    await councilSays(key, 'THREAT')
    await say(id, { verdict: 'false_positive' })
    // A collector that read before the analyst spoke writes last.
    const stale = await DB.prepare('SELECT min(id) AS id FROM incident_verdicts WHERE incident_key = ?')
      .bind(key)
      .first<{ id: number }>()
    await DB.prepare('UPDATE training_samples SET verdict_id = ? WHERE sample_key = ?')
      .bind(stale!.id + 1_000, `incident|${key}`)
      .run()
    await samples.collect(key, FIXTURE_NOW)
    expect(await sampleOf(key)).toMatchObject({ verdict_id: stale!.id + 1_000, correct_label: 'Normal' })
  })

  it('that was used keeps what was learned; only another label makes it one to learn again', async () => {
    const { key, id } = await incident()
    await councilSays(key, 'THREAT')
    await DB.batch([
      DB.prepare('UPDATE training_samples SET used_for_training = 1 WHERE sample_key = ?').bind(`incident|${key}`),
      DB.prepare("UPDATE incidents SET features = '[1]', threat_category = 'APT' WHERE incident_key = ?").bind(key),
    ])
    await councilSays(key, 'THREAT', 3, 2)
    expect(await sampleOf(key)).toMatchObject({ used_for_training: 1, ml_prediction: 'Brute Force Attack' })
    await say(id, { verdict: 'false_positive' })
    const again = (await sampleOf(key))!
    expect(again).toMatchObject({ used_for_training: 0, correct_label: 'Normal', ml_prediction: 'Brute Force Attack' })
    expect(JSON.parse(again.features)).toHaveLength(100)
  })

  it('that cannot be stored holds no verdict and no incident up, and is made when it can', async () => {
    const { key, id } = await incident()
    await DB.prepare('ALTER TABLE training_samples RENAME TO broken').run()
    try {
      await council.writeVerdict(verdictRecord(key, 'THREAT', 3), FIXTURE_NOW)
      expect(await samples.collect(key, FIXTURE_NOW)).toMatchObject({ ok: false, error: { incidentKey: key } })
      expect((await say(id, { verdict: 'false_positive', comment: '' })).training_sample).toBeNull()
      const row = await DB.prepare('SELECT status, analyst_verdict, council_verdict FROM incidents WHERE id = ?')
        .bind(id)
        .first()
      expect(row).toEqual({ status: 'dismissed', analyst_verdict: 'false_positive', council_verdict: 'THREAT' })
      expect((await samples.collectDue(100, FIXTURE_NOW)).failed).toHaveLength(1)
    } finally {
      await DB.prepare('ALTER TABLE broken RENAME TO training_samples').run()
    }
    expect(await uncollected()).toBe(2)
    expect(await samples.collectDue(100, FIXTURE_NOW)).toEqual({ collected: 1, failed: [] })
    expect(await uncollected()).toBe(0)
    expect(await sampleOf(key)).toMatchObject({ correct_label: 'Normal', trust: 'analyst' })
  })
})

describe('the page', () => {
  it('offers the verdicts, shows the one that stands, and takes it back', async () => {
    const { id } = await incident()
    const headers = { Cookie: await logIn(under, 'analyst') }
    const open = async () => (await under.request(`/incidents/incident/${id}`, { headers })).text()
    const post = async (fields: Record<string, string>) =>
      under.request(`/incidents/incident/${id}/verdict`, form({ csrf: csrfIn(await open()), ...fields }, headers))
    expect(await open()).toContain('value="benign_true_positive"')
    const given = await post({ verdict: 'true_positive', correct_class: '6', comment: '<b>came in</b>' })
    expect(given.status).toBe(303)
    expect(given.headers.get('Location')).toBe(`/incidents/incident/${id}`)
    const page = await open()
    expect(page).toContain('&lt;b&gt;came in&lt;/b&gt;')
    expect(page).toContain('Teaches the next model that this is APT.')
    expect(page).toContain('user:analyst')
    expect((await post({ verdict: '' })).status).toBe(303)
    expect(await open()).not.toContain('Teaches the next model')
    expect((await post({ verdict: 'false_positive', correct_class: '3' })).status).toBe(400)
    expect((await under.request(`/incidents/incident/${id}/verdict`, form({ verdict: '' }, headers))).status).toBe(403)
  })

  it('shows a viewer the verdict and no buttons', async () => {
    const { id } = await incident()
    await say(id, { verdict: 'true_positive', comment: 'seen at the door' })
    const headers = { Cookie: await logIn(under, 'viewer') }
    const page = await (await under.request(`/incidents/incident/${id}`, { headers })).text()
    expect(page).toContain('seen at the door')
    expect(page).not.toContain('/verdict"')
  })
})
