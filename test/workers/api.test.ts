import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FEATURES } from '../../core/features/schema.ts'
import { addPeople, appUnderTest, bearer, DB, WELL } from '../support/app-under-test.ts'
import {
  FIXTURE_NOW,
  type IncidentInsert,
  incidentRow,
  insertEvidence,
  insertIncidents,
  insertSources,
  ruleIndicator,
  sshdEvidence,
} from '../support/incident-fixture.ts'

const MINUTE = 60_000

interface Item {
  id: number
  [field: string]: unknown
}
interface List {
  items: Item[]
  next: string | null
}

const under = appUnderTest()
const get = async <Body = List>(path: string, role: 'viewer' | 'analyst' = 'analyst'): Promise<Body> => {
  const answer = await under.request(path, { headers: bearer(role) })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Body
}
const keys = async (query: string): Promise<string[]> => {
  const { items } = await get(`/api/incidents?${query}`)
  const { results } = await DB.prepare('SELECT id, incident_key FROM incidents').all<{
    id: number
    incident_key: string
  }>()
  return items.map(({ id }) => results.find((row) => row.id === id)!.incident_key)
}
const problemOf = async (path: string, init: RequestInit = {}) => {
  const answer = await under.request(path, { ...init, headers: { ...bearer('analyst'), ...(init.headers ?? {}) } })
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  const problem = (await answer.json()) as { type: string; title: string; status: number; detail?: string }
  expect(problem.status).toBe(answer.status)
  return problem
}
const patch = (body: unknown): RequestInit => ({
  method: 'PATCH',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

beforeAll(addPeople)
beforeEach(async () => {
  await DB.batch(
    ['incidents', 'incident_evidence', 'incident_sources', 'background_sources', 'audit_log', 'sensors'].map((table) =>
      DB.prepare(`DELETE FROM ${table}`),
    ),
  )
  under.clock.now = FIXTURE_NOW
})

describe('GET /api/incidents', () => {
  const rows: IncidentInsert[] = [
    incidentRow('ssh', 3, { created_at: FIXTURE_NOW - 50 * MINUTE, risk_score: 40, events_count: 9 }),
    incidentRow('web', 4, {
      created_at: FIXTURE_NOW - 40 * MINUTE,
      src_ip: '203.0.113.9',
      status: 'resolved',
      targets: [{ host: 'Shop.example', port: 443, events: 3 }],
      risk_score: 90,
    }),
    incidentRow('scan', 2, {
      created_at: FIXTURE_NOW - 30 * MINUTE,
      src_ip: '2001:db8:0:1::/64',
      status: 'investigating',
      assignee: 'analyst',
      severity: 'low',
    }),
    incidentRow('flood', 1, {
      created_at: FIXTURE_NOW - 20 * MINUTE,
      kind: 'campaign',
      src_ip: '192.0.2.200',
      sources_count: 40,
      sensors: ['tap-%_1'],
    }),
  ]
  beforeEach(async () => {
    await insertIncidents(DB, rows)
    await insertSources(DB, 'flood', 40)
  })

  it.each([
    ['', ['flood', 'scan', 'web', 'ssh']],
    ['status=&class=&severity=&src_ip=&q=&from=&to=&cursor=&limit=', ['flood', 'scan', 'web', 'ssh']],
    ['status=open', ['flood', 'scan', 'ssh']],
    ['status=resolved,investigating', ['scan', 'web']],
    ['status=dismissed', []],
    ['class=3,4', ['web', 'ssh']],
    ['severity=low', ['scan']],
    ['severity=high,low', ['flood', 'scan', 'web', 'ssh']],
    ['src_ip=203.0.113.9', ['web']],
    ['src_ip=::ffff:203.0.113.9', ['web']],
    ['src_ip=2001:db8:0:1:a:b:c:d', ['scan']],
    ['src_ip=2001:db8:0:2::1', []],
    ['src_ip=192.0.2.17', ['flood']],
    ['src_ip=192.0.2.41', []],
    ['q=shop.EXAMPLE', ['web']],
    ['q=brute', ['ssh']],
    ['q=analyst', ['scan']],
    ['q=%25_1', ['flood']],
    ['q=%25', ['flood']],
    ["q=' OR 1=1 --", []],
    [`from=${new Date(FIXTURE_NOW - 30 * MINUTE).toISOString()}`, ['flood', 'scan']],
    [`to=${new Date(FIXTURE_NOW - 30 * MINUTE).toISOString()}`, ['web', 'ssh']],
    ['sort=oldest', ['ssh', 'web', 'scan', 'flood']],
    ['sort=risk&limit=1', ['web']],
    ['status=open&severity=high&class=3', ['ssh']],
  ])('%s gives %j', async (query, expected) => {
    expect(await keys(query)).toEqual(expected)
  })

  it.each(['status=closed', 'class=9', 'src_ip=one.two', 'from=soon', 'limit=0', 'cursor=AAAA', 'sort=id'])(
    '%s is refused with what is wrong',
    async (query) => {
      const problem = await problemOf(`/api/incidents?${query}`)
      expect(problem.status).toBe(400)
      expect(problem.detail).toContain(query.split('=')[0])
    },
  )

  it('an incident has all fields of the contract, times in ISO 8601 and no key of ours', async () => {
    const [item] = (await get('/api/incidents?class=3')).items
    for (const field of 'id, src_ip, sources_count, status, threat_class, threat_category, severity, escalation_level, risk_score, ml_confidence, anomaly_score, route, council_verdict, council_confidence, council_reasoning, routing_path, api_calls_made, processing_time_ms, gemini_analysis, grok_intel, openai_remediation, triage_note, model_version, schema_hash, first_seen, last_seen, created_at, updated_at'.split(
      ', ',
    ))
      expect(item).toHaveProperty(field)
    expect(item!.created_at).toBe(new Date(FIXTURE_NOW - 50 * MINUTE).toISOString())
    expect(item).not.toHaveProperty('incident_key')
  })
})

describe('paging', () => {
  const many = (count: number, created: (i: number) => number, name: string) =>
    Array.from({ length: count }, (_, i) =>
      incidentRow(`${name}${i}`, 3, { created_at: created(i), risk_score: i % 4 }),
    )

  const walk = async (query: string, between?: (page: number) => Promise<unknown>): Promise<number[]> => {
    const ids: number[] = []
    let cursor = ''
    for (let page = 0; page < 20; page++) {
      const list = await get(`/api/incidents?limit=7&${query}&cursor=${cursor}`)
      ids.push(...list.items.map(({ id }) => id))
      if (list.next === null) return ids
      cursor = list.next
      await between?.(page)
    }
    throw new Error('the list does not end')
  }

  it('each incident comes once, in order, whatever is inserted between two pages', async () => {
    // Five at the same millisecond each time: ties are told apart by id.
    const ids = await insertIncidents(
      DB,
      many(30, (i) => FIXTURE_NOW - 100 * MINUTE + Math.floor(i / 5) * 1000, 'old'),
    )
    const seen = await walk('', (page) =>
      insertIncidents(
        DB,
        many(3, (i) => FIXTURE_NOW + page * 10 + i, `new${page}-`),
      ),
    )
    expect(seen).toEqual([...ids].reverse())
  })

  it.each(['oldest', 'risk', 'active', 'events'])('sorted by %s each incident comes once', async (sort) => {
    const ids = await insertIncidents(
      DB,
      many(23, (i) => FIXTURE_NOW - i * MINUTE, 'a'),
    )
    const seen = await walk(`sort=${sort}`)
    expect(seen.toSorted((a, b) => a - b)).toEqual(ids)
  })

  it('a page that ends with the last incident has no next', async () => {
    await insertIncidents(
      DB,
      many(7, (i) => FIXTURE_NOW + i, 'a'),
    )
    expect((await get('/api/incidents?limit=7')).next).toBeNull()
  })

  it('a cursor of another order is of no use', async () => {
    await insertIncidents(
      DB,
      many(9, (i) => FIXTURE_NOW + i, 'a'),
    )
    const { next } = await get('/api/incidents?limit=7')
    expect((await problemOf(`/api/incidents?sort=risk&cursor=${next}`)).status).toBe(400)
  })
})

describe('GET /api/incidents/:id', () => {
  it('gives features by name, seven probabilities, members, evidence and history', async () => {
    const [earlier, id] = await insertIncidents(DB, [
      incidentRow('before', 3),
      incidentRow('k', 3, { previous_key: 'before' }),
    ])
    await insertEvidence(DB, sshdEvidence('k', 25))
    const incident = await get<Item & { features: unknown[]; evidence: unknown[] }>(`/api/incidents/${id}`)
    expect(incident.features).toHaveLength(100)
    expect(incident.features[7]).toEqual({
      name: FEATURES[7]!.name,
      group: FEATURES[7]!.group,
      unit: FEATURES[7]!.unit,
      value: 26.4,
      usual: 0,
      usual_range: [0, 1],
      absent: null,
      contribution: 0,
    })
    const [absent] = incident.features as { value: unknown; absent: unknown }[]
    expect(absent).toMatchObject({ value: null, absent: FEATURES[0]!.absent })
    expect(incident.probabilities).toHaveLength(7)
    expect(incident.members).toMatchObject({ forest: incident.probabilities })
    expect(incident.evidence).toHaveLength(25)
    const [first] = sshdEvidence('k', 1)
    expect(incident.evidence[0]).toMatchObject({ n: 1, sensor: 'gateway', format: 'sshd', original: first!.original })
    expect(incident.actions).toEqual([])
    expect(incident.audit).toEqual([])
    expect(incident.previous_id).toBe(earlier)
  })

  it('gives the rules that match its evidence, times in ISO 8601', async () => {
    const matching = incidentRow('rules', 3)
    matching.triage_note.rules = [ruleIndicator()]
    const [id] = await insertIncidents(DB, [matching])
    const { triage_note } = (await get(`/api/incidents/${id}`)) as { triage_note: { rules: unknown[] } }
    const { first_seen, last_seen, ...same } = ruleIndicator()
    expect(triage_note.rules).toEqual([
      { ...same, first_seen: new Date(first_seen).toISOString(), last_seen: new Date(last_seen).toISOString() },
    ])
  })

  it('features of another schema keep their values and get no made-up name', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3, { schema_hash: 'other', model_version: 'other' })])
    const { features } = await get<Item & { features: { name: unknown; value: unknown; usual: unknown }[] }>(
      `/api/incidents/${id}`,
    )
    expect(features[7]).toMatchObject({ name: null, value: 26.4, usual: null })
  })

  it('a viewer gets no password and no line that holds one; an analyst gets both', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const [row] = sshdEvidence('k', 1)
    await insertEvidence(DB, [
      {
        ...row!,
        event: { ...row!.event, password: 'hunter2' },
        original: '{"password":"hunter2"}',
        matched: ['password'],
      },
    ])
    expect(JSON.stringify(await get(`/api/incidents/${id}`, 'viewer'))).not.toContain('hunter2')
    expect(JSON.stringify(await get(`/api/incidents/${id}`, 'analyst'))).toContain('hunter2')
  })

  it('a campaign gives its sources, most events first', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('c', 1, { kind: 'campaign', sources_count: 260 })])
    await insertSources(DB, 'c', 260)
    const { sources } = await get<Item & { sources: { events: number }[] }>(`/api/incidents/${id}`)
    expect(sources).toHaveLength(200)
    expect(sources[0]!.events).toBe(4)
  })

  it('an id that no incident has is 404, one that is no number 400', async () => {
    expect((await problemOf('/api/incidents/999999')).type).toBe('urn:problem-type:picket:no-such-incident')
    expect((await problemOf('/api/incidents/abc')).status).toBe(400)
  })
})

describe('PATCH /api/incidents/:id', () => {
  const change = async (id: number, body: unknown) =>
    under.request(`/api/incidents/${id}`, {
      ...patch(body),
      headers: { ...bearer('analyst'), 'Content-Type': 'application/json' },
    })

  it('changes what was asked, and the audit log tells who, when and from what to what', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const answer = await change(id!, { status: 'investigating', assignee: 'viewer', severity: 'critical' })
    expect(answer.status).toBe(200)
    const incident = (await answer.json()) as Item & { audit: { detail: unknown }[] }
    expect(incident).toMatchObject({ status: 'investigating', assignee: 'viewer', severity: 'critical' })
    const at = new Date(FIXTURE_NOW).toISOString()
    expect(incident.updated_at).toBe(at)
    const said = (action: string, from: unknown, to: unknown) => ({
      at,
      actor: 'token:analyst',
      action,
      detail: { from, to },
    })
    expect(incident.audit).toEqual([
      said('severity-changed', 'high', 'critical'),
      said('assignee-changed', null, 'viewer'),
      said('status-changed', 'new', 'investigating'),
    ])
  })

  it('a value that is already so is no change and leaves no trace', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const incident = (await (await change(id!, { status: 'new', severity: 'high' })).json()) as Item
    expect(incident.audit).toEqual([])
    expect(incident.updated_at).toBe(new Date(FIXTURE_NOW - 31 * MINUTE).toISOString())
  })

  it('null takes the assignment back', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3, { assignee: 'viewer' })])
    expect(((await (await change(id!, { assignee: null })).json()) as Item).assignee).toBeNull()
  })

  it('leaves all that the partitions own as it is', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const read = () => DB.prepare('SELECT * FROM incidents WHERE id = ?').bind(id).first()
    const before = await read()
    await change(id!, { status: 'dismissed' })
    expect(await read()).toEqual({ ...before, status: 'dismissed', updated_at: FIXTURE_NOW })
  })

  it.each([
    [{ status: 'contained' }, 409, 'contained-needs-receipt'],
    [{ status: 'closed' }, 400, 'invalid-input'],
    [{ severity: 5 }, 400, 'invalid-input'],
    [{ assignee: 'nobody-of-this-name' }, 400, 'no-such-user'],
    [{ risk_score: 0 }, 400, 'invalid-input'],
    [{}, 400, 'invalid-input'],
    [[], 400, 'invalid-input'],
  ])('%j is refused with %i %s and changes nothing', async (body, status, tag) => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const problem = await problemOf(`/api/incidents/${id}`, patch(body))
    expect(problem).toMatchObject({ status, type: `urn:problem-type:picket:${tag}` })
    expect(await DB.prepare('SELECT status, assignee, severity FROM incidents').first()).toEqual({
      status: 'new',
      assignee: null,
      severity: 'high',
    })
    expect(await DB.prepare('SELECT count(*) AS n FROM audit_log').first('n')).toBe(0)
  })

  it('a body that is no JSON, or a __proto__ in it, is refused as a problem', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const raw = (body: string): RequestInit => ({ ...patch(null), body })
    expect((await problemOf(`/api/incidents/${id}`, raw('{'))).status).toBe(400)
    expect((await problemOf(`/api/incidents/${id}`, raw('{"__proto__":{"status":"resolved"}}'))).status).toBe(400)
    expect((await problemOf('/api/incidents/999999', patch({ status: 'resolved' }))).status).toBe(404)
  })
})

describe('GET /api/sensors', () => {
  it('gives what each sensor says of itself; one that fails is not known, with the reason', async () => {
    await DB.prepare(
      "INSERT INTO sensors (id, name, key_hash, created_at) VALUES ('a', 'A', 'hash-a', 0), ('b', 'B', 'hash-b', 0)",
    ).run()
    const partly = appUnderTest({
      ...WELL,
      sensor: (id) => {
        if (id === 'b') throw new Error('object reset')
        return WELL.sensor(id)
      },
    })
    const answer = await partly.request('/api/sensors', { headers: bearer('viewer') })
    const { items } = (await answer.json()) as List
    expect(items[0]).toMatchObject({ id: 'a', health: { accepted: 1000, events_last_minute: 60 }, health_error: null })
    expect(items[1]).toMatchObject({ id: 'b', health: null, health_error: 'object reset' })
    expect(JSON.stringify(items)).not.toContain('hash-')
  })
})

describe('health', () => {
  interface Readiness {
    ready: boolean
    dependencies: Record<string, { ok: boolean; detail: string }>
  }
  const readiness = async (app = under) => {
    const answer = await app.request('/readyz')
    return { status: answer.status, ...((await answer.json()) as Readiness) }
  }

  it('/healthz answers while the parts do not', async () => {
    const broken = appUnderTest({
      ...WELL,
      partition: () => {
        throw new Error('down')
      },
    })
    expect((await broken.request('/healthz')).status).toBe(200)
  })

  it('/readyz names its dependencies', async () => {
    expect(await readiness()).toEqual({
      status: 200,
      ready: true,
      dependencies: {
        d1: { ok: true, detail: 'answers' },
        migrations: { ok: true, detail: 'all applied' },
        partitions: { ok: true, detail: '2 of 2 answer' },
        model: { ok: true, detail: 'serving fixture-1' },
        feature_store: { ok: true, detail: 'embedded answers, 0 vectors' },
        live_look_ups: { ok: true, detail: 'off: no key is set' },
      },
    })
  })

  it('/readyz tells why a model was refused', async () => {
    const refusing = appUnderTest({
      ...WELL,
      partition: (name) => ({
        ...WELL.partition(name),
        modelVersion: null,
        modelError: 'sha256 is not the manifest’s',
      }),
    })
    const { status, dependencies } = await readiness(refusing)
    expect(status).toBe(503)
    expect(dependencies.model).toEqual({ ok: false, detail: 'refused: partition 0: sha256 is not the manifest’s' })
  })

  it('/readyz tells which partition does not answer', async () => {
    const broken = appUnderTest({
      ...WELL,
      partition: (name) => {
        if (name === 'p1') throw new Error('overloaded')
        return WELL.partition(name)
      },
    })
    const { status, dependencies } = await readiness(broken)
    expect(status).toBe(503)
    expect(dependencies.partitions).toEqual({ ok: false, detail: 'partition 1: overloaded' })
    expect(dependencies.model!.ok).toBe(false)
  })

  it('/readyz tells that a migration was not applied', async () => {
    await DB.prepare('ALTER TABLE incidents RENAME COLUMN peak_risk TO peak').run()
    const { status, dependencies } = await readiness()
    await DB.prepare('ALTER TABLE incidents RENAME COLUMN peak TO peak_risk').run()
    expect(status).toBe(503)
    expect(dependencies.migrations).toEqual({ ok: false, detail: 'not applied: no incidents.peak_risk' })
  })
})

describe('GET /metrics', () => {
  const LINE = /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+)\})? (-?[\d.e+-]+|NaN|[+-]Inf)$/

  /** Value by name and labels; throws on a line that is no Prometheus text. */
  const parsed = (text: string): Map<string, number> => {
    const values = new Map<string, number>()
    let family = ''
    expect(text.endsWith('\n')).toBe(true)
    for (const line of text.trimEnd().split('\n')) {
      const head = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line)
      if (head) {
        family = head[2]!
        continue
      }
      const sample = LINE.exec(line)
      if (!sample) throw new Error(`no Prometheus text: ${line}`)
      expect(sample[1]!.startsWith(family)).toBe(true)
      const name = `${sample[1]}${sample[2] ? `{${sample[2]}}` : ''}`
      expect(values.has(name)).toBe(false)
      values.set(name, Number(sample[3]))
    }
    return values
  }
  const scrape = async (app = under) => {
    const answer = await app.request('/metrics', { headers: bearer('viewer') })
    expect(answer.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    return parsed(await answer.text())
  }

  it('is Prometheus text with the sums of all parts', async () => {
    await DB.prepare(
      `INSERT INTO sensors (id, name, key_hash, created_at) VALUES ('a', 'A', 'ha', 0), ('we"ird\\', 'B', 'hb', 0)`,
    ).run()
    await insertIncidents(DB, [incidentRow('a', 3), incidentRow('b', 3), incidentRow('c', 1)])
    const values = await scrape()
    expect(Object.fromEntries(values)).toMatchObject({
      'picket_events_total{outcome="accepted"}': 2000,
      'picket_events_total{outcome="duplicate"}': 40,
      'picket_events_total{outcome="rejected"}': 6,
      picket_events_unjudged: 14,
      'picket_windows_judged_total{route="TRUST"}': 180,
      'picket_incidents_total{class="3",name="Brute Force Attack"}': 2,
      'picket_incidents_total{class="1",name="DDoS/DoS"}': 1,
      'picket_incidents_total{class="6",name="APT"}': 0,
      'picket_decision_seconds_bucket{le="0.5"}': 8,
      'picket_decision_seconds_bucket{le="+Inf"}': 20,
      picket_decision_seconds_sum: 14.5,
      picket_decision_seconds_count: 20,
      'picket_part_up{part="sensor we\\"ird\\\\"}': 1,
    })
  })

  it('leaves out what a silent part would make wrong, and says which part is silent', async () => {
    await DB.prepare("INSERT INTO sensors (id, name, key_hash, created_at) VALUES ('a', 'A', 'ha', 0)").run()
    const partly = appUnderTest({
      ...WELL,
      partition: (name) => {
        if (name === 'p1') throw new Error('down')
        return WELL.partition(name)
      },
    })
    const names = [...(await scrape(partly)).keys()]
    expect(names).toContain('picket_events_total{outcome="accepted"}')
    expect(names).not.toContain('picket_events_unjudged')
    expect(names.filter((name) => /windows_judged|decision/.test(name))).toEqual([])
    expect((await scrape(partly)).get('picket_part_up{part="partition 1"}')).toBe(0)
  })

  it('prints nothing of parts that do not exist yet', async () => {
    const names = [...(await scrape()).keys()].join('\n')
    expect(names).not.toMatch(/agent/)
  })
})

describe('GET /openapi.json', () => {
  interface Operation {
    responses: Record<string, unknown>
    parameters?: { name: string; in: string }[]
  }
  interface Document {
    openapi: string
    info: { title: string; version: string }
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> }
  }
  const document = async () => (await (await under.request('/openapi.json')).json()) as Document

  it('describes every route of the API', async () => {
    const { paths } = await document()
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const routes = under.app.routes
      .filter(({ method, path }) => method !== 'ALL' && /^\/(api\/|healthz|readyz|metrics|openapi)/.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect(new Set(described)).toEqual(new Set(routes))
    expect(routes.length).toBeGreaterThan(0)
  })

  it('is a whole OpenAPI 3.1 document: every reference leads somewhere, every path parameter is declared', async () => {
    const whole = await document()
    expect(whole.openapi).toBe('3.1.0')
    expect(whole.info).toMatchObject({ title: 'Picket' })
    const references = [...JSON.stringify(whole).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!)
    expect(references.length).toBeGreaterThan(0)
    for (const reference of references) {
      const found = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], whole)
      expect(found, reference).toBeDefined()
    }
    for (const [path, operations] of Object.entries(whole.paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      for (const operation of Object.values(operations)) {
        expect(Object.keys(operation.responses).length).toBeGreaterThan(0)
        const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
        expect(declared.map(({ name }) => name)).toEqual(named)
      }
    }
    expect(Object.keys(whole.components.securitySchemes)).toEqual(['session', 'token'])
  })

  it('the answer of the list has the fields that the document says', async () => {
    await insertIncidents(DB, [incidentRow('k', 3)])
    const { components } = await document()
    const { properties, required } = components.schemas.Incident as { properties: object; required: string[] }
    const [item] = (await get('/api/incidents')).items
    expect(Object.keys(item!).sort()).toEqual(Object.keys(properties).sort())
    expect(required.every((field) => field in item!)).toBe(true)
  })
})

describe('refusals', () => {
  it('of the API are problem documents; of pages they are pages', async () => {
    expect((await problemOf('/api/nope')).title).toBe('Nothing is at this address')
    const page = await under.request('/nope', { headers: bearer('viewer') })
    expect(page.status).toBe(404)
    expect(page.headers.get('Content-Type')).toContain('text/html')
  })

  it('a failure of ours is told without its insides', async () => {
    const failing = appUnderTest(WELL, {
      clock: () => {
        throw new Error('secret insides')
      },
    })
    const answer = await failing.request('/api/incidents', { headers: bearer('viewer') })
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret insides')
  })
})
