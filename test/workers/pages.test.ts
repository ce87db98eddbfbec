import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FEATURES } from '../../core/features/schema.ts'
import { addPeople, appUnderTest, bearer, csrfIn, DB, form, logIn, ORIGIN, WELL } from '../support/app-under-test.ts'
import { HOSTILE_TEXT } from '../support/hostile-text.ts'
import {
  eveEvidence,
  FIXTURE_MANIFEST,
  FIXTURE_NOW,
  hostileIncident,
  incidentRow,
  insertEvidence,
  insertIncidents,
  insertSources,
  sshdEvidence,
} from '../support/incident-fixture.ts'

const MINUTE = 60_000
const under = appUnderTest()

type Role = 'viewer' | 'analyst'
const html = async (path: string, role: Role = 'analyst', app = under): Promise<string> => {
  const answer = await app.request(path, { headers: bearer(role) })
  expect(answer.headers.get('Content-Type')).toContain('text/html')
  return answer.text()
}

/** Text of a page as a reader gets it. */
const textOf = (page: string): string =>
  page
    .replace(/<head>.*?<\/head>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')

interface Element {
  tag: string
  attributes: Record<string, string>
}

/** The elements of a page as a real HTML parser sees them. */
async function elementsOf(page: string): Promise<Element[]> {
  const elements: Element[] = []
  const rewriter = new HTMLRewriter().on('*', {
    element({ tagName, attributes }) {
      elements.push({
        tag: tagName,
        attributes: Object.fromEntries(attributes as unknown as Iterable<[string, string]>),
      })
    },
  })
  await rewriter.transform(new Response(page)).arrayBuffer()
  return elements
}

beforeAll(addPeople)
beforeEach(async () => {
  await DB.batch(
    ['incidents', 'incident_evidence', 'incident_sources', 'background_sources', 'audit_log', 'sensors'].map((table) =>
      DB.prepare(`DELETE FROM ${table}`),
    ),
  )
  under.clock.now = FIXTURE_NOW
})

const addSensor = (id = 'gateway', name = 'Gateway') =>
  DB.prepare('INSERT INTO sensors (id, name, key_hash, created_at) VALUES (?, ?, ?, 0)').bind(id, name, id).run()

describe('dashboard', () => {
  it('an empty system says what to do next, and shows measured zeros only', async () => {
    const nothing = appUnderTest({ ...WELL, sensor: (id) => ({ ...WELL.sensor(id), accepted: 0 }) })
    await addSensor()
    const text = textOf(await html('/', 'viewer', nothing))
    expect(text).toContain('Nothing has been sent yet')
    expect(text).toContain('npm run demo')
    expect(text).toContain('No open incident.')
  })

  it('shows the figures of D1 and of the parts, each with a link to what it counts', async () => {
    await addSensor()
    await insertIncidents(DB, [
      incidentRow('a', 3),
      incidentRow('b', 5, { created_at: FIXTURE_NOW - 125 * MINUTE }),
      incidentRow('c', 3, { status: 'dismissed' }),
    ])
    await DB.prepare("INSERT INTO background_sources VALUES ('p0', '198.18.0.1', 2, 1, 2, 0.7, 0, 0)").run()
    const page = await html('/', 'viewer')
    expect(page).toContain('<a href="/incidents">2</a>')
    expect(page).toContain('<a class="number" href="/incidents?severity=critical">1</a>')
    expect(page).toContain('<a class="number" href="/incidents?severity=high">1</a>')
    expect(page).toContain('<a class="number" href="#sensors">1,000</a>')
    expect(page).toContain('<a class="number" href="#partitions">200</a>')
    expect(page).toContain('<a class="number" href="#partitions" title="180 windows">90.0 %</a>')
    expect(page).toContain('<a href="/background">1 background source</a>')
    // Hours are those of UTC; 06:10 lies in the hour from 06:00.
    expect(page).toContain(
      '<a href="/incidents?status=all&amp;from=2026-11-24T06:00:00.000Z&amp;to=2026-11-24T07:00:00.000Z" aria-label="1 incident from 06:00 to 07:00 UTC">',
    )
    expect(page).toContain('aria-label="2 incidents from 07:00 to 08:00 UTC"')
    expect(textOf(page)).toContain('no time in the line')
    const store = textOf(page.slice(page.indexOf('id="feature-store"')))
    expect(store).toContain('embedded answers, 0 vectors')
    expect(store).toMatch(/last hour not measured 0 0 0 0 not measured not measured/)
  })

  it('each bar leads to as many incidents as it says', async () => {
    await insertIncidents(
      DB,
      Array.from({ length: 9 }, (_, i) => incidentRow(`h${i}`, 3, { created_at: FIXTURE_NOW - i * 17 * MINUTE })),
    )
    const bars = [...(await html('/')).matchAll(/<a href="(\/incidents\?[^"]+)" aria-label="(\d+) incident/g)]
    expect(bars.reduce((sum, bar) => sum + Number(bar[2]), 0)).toBe(9)
    for (const [, href, n] of bars) {
      const queue = await html(href!.replaceAll('&amp;', '&'))
      expect([...queue.matchAll(/<th scope="row"/g)]).toHaveLength(Number(n))
    }
  })

  it('a part that does not answer is not known, with the reason, and never 0', async () => {
    await addSensor()
    const silent = appUnderTest({
      sensor: () => {
        throw new Error('object overloaded')
      },
      partition: (name) => {
        if (name === 'p0') throw new Error('object reset')
        return WELL.partition(name)
      },
    })
    const text = textOf(await html('/', 'viewer', silent))
    expect(text).toMatch(/Events in the last minute not known \(Gateway: object overloaded\)/)
    expect(text).toMatch(/Windows judged not known \(partition 0: object reset\)/)
    expect(text).toMatch(/accepted not known duplicate not known rejected not known/)
  })

  it('tells the refusal of a model, and what the shipped one earned on sources it had not seen', async () => {
    const scores = { macro_f1: 0.313, accuracy: 0.801, attack_recall: 0.7, false_positive_rate: null }
    const measured = appUnderTest(
      { ...WELL, partition: (name) => ({ ...WELL.partition(name), modelVersion: null, modelError: 'sha256 differs' }) },
      {
        manifest: {
          ...FIXTURE_MANIFEST,
          metrics: { leave_one_source_out: { all: scores, five_plus: { ...scores, macro_f1: 0.42 } } },
        },
      },
    )
    const text = textOf(await html('/', 'viewer', measured))
    expect(text).toContain('refused: partition 0: sha256 differs')
    expect(text).toMatch(/macro-F1 0.420 \( ?0.313 ?\)/)
    expect(text).toMatch(/false positives not measured/)
    expect(textOf(await html('/'))).toContain('The manifest of fixture-1 holds no figures for unseen sources.')
    expect(textOf(await html('/', 'viewer', appUnderTest(WELL, { manifest: null })))).toContain(
      'This build holds no model.',
    )
  })

  it('its figures come again as a part of a page, and an ended session leads htmx to the log-in', async () => {
    await addSensor()
    const part = await html('/fragments/dashboard')
    expect(part).not.toContain('<html')
    expect(await html('/')).toContain(part)
    const ended = await under.request('/fragments/dashboard', { headers: { 'HX-Request': 'true' } })
    expect(ended.status).toBe(401)
    expect(ended.headers.get('HX-Redirect')).toBe('/login')
  })
})

describe('queue', () => {
  it('shows open incidents, and marks those that nobody has verified', async () => {
    await insertIncidents(DB, [
      incidentRow('a', 3, { ml_confidence: 0.95 }),
      incidentRow('b', 4, { ml_confidence: 0.7, src_ip: '203.0.113.8' }),
      incidentRow('c', 2, { ml_confidence: 0.4, src_ip: '203.0.113.9' }),
      incidentRow('d', 2, { status: 'resolved', src_ip: '203.0.113.10' }),
    ])
    const text = textOf(await html('/incidents', 'viewer'))
    expect(text).toContain('3 open')
    expect(text).toMatch(/203\.0\.113\.7 .*95\.0 % TRUST 12,345/)
    expect(text).toMatch(/70\.0 % VERIFY not yet verified/)
    expect(text).toMatch(/40\.0 % INVESTIGATE not yet verified/)
    expect(text).not.toContain('203.0.113.10')
    expect(textOf(await html('/incidents?status=all'))).toContain('203.0.113.10')
  })

  it('keeps filters and order in the address of the next page', async () => {
    await insertIncidents(
      DB,
      Array.from({ length: 5 }, (_, i) => incidentRow(`a${i}`, 3, { risk_score: 10 * i })),
    )
    const page = await html('/incidents?sort=risk&class=3&limit=2&q=')
    const next = /href="([^"]+)" rel="next"/.exec(page)![1]!.replaceAll('&amp;', '&')
    expect(Object.fromEntries(new URL(next, ORIGIN).searchParams)).toMatchObject({
      sort: 'risk',
      class: '3',
      limit: '2',
    })
    expect(await html(next)).toContain('First page')
  })

  it('an empty queue says whether nothing came or nothing matches', async () => {
    expect(textOf(await html('/incidents'))).toContain('No incident yet.')
    await insertIncidents(DB, [incidentRow('a', 3)])
    expect(textOf(await html('/incidents?class=6'))).toContain('No incident is like this.')
  })

  it('a filter that cannot be read is a page that says what is wrong with it', async () => {
    const answer = await under.request('/incidents?from=yesterday', { headers: bearer('viewer') })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('from: not an ISO 8601 date or time')
  })

  it('a campaign says how many sources it has', async () => {
    await insertIncidents(DB, [incidentRow('c', 1, { kind: 'campaign', sources_count: 5000 })])
    expect(textOf(await html('/incidents'))).toContain('203.0.113.7 and 4,999 more sources')
  })
})

describe('incident', () => {
  it('answers what happened, how sure, what was done and what now, in this order', async () => {
    const [, id] = await insertIncidents(DB, [
      incidentRow('before', 3),
      incidentRow('k', 3, { ml_confidence: 0.71, previous_key: 'before', uncertain: true }),
    ])
    await insertEvidence(DB, sshdEvidence('k', 12))
    const text = textOf(await html(`/incidents/incident/${id}`))
    const order = ['What happened', 'How sure', 'What was done', 'What now', 'strongest indicators'].map((title) =>
      text.indexOf(title),
    )
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order[0]).toBeGreaterThan(0)
    expect(text).toMatch(
      /203\.0\.113\.7 sent 12,345 events, mostly to 198\.51\.100\.20:22 between 2026-11-24 07:13:00 UTC and 2026-11-24 07:44:00 UTC \(31 min\), seen by sensor gateway/,
    )
    expect(text).toContain('No class reached its threshold')
    expect(text).toContain('Confidence lies between 0.50 and 0.90')
    expect(text).toContain('Nothing was done to the source')
    expect(text).toContain('No verifier has looked.')
    expect(text).toContain('The previous incident, #')
    expect(text).toContain('All 12 events kept of 12,345')
  })

  it('shows indicators with value, unit, usual value and sign, and probabilities with thresholds', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const text = textOf(await html(`/incidents/incident/${id}`))
    expect(text).toMatch(/failures Failed log-ins\. 812 0 count \+0\.212/)
    expect(text).toMatch(/bytes in .{0,60} 512 48,211 bytes −0\.038/)
    expect(text).toMatch(/established share .{0,60} absent 0\.83 ratio/)
    expect(text).toMatch(/Brute Force Attack decided 94\.3 % 40\.0 % 94\.3 % 94\.3 % 94\.3 %/)
    expect(text).toContain('All 100 features')
  })

  it('shows every feature in its group with value, unit, usual range and contribution, absent ones with the reason', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const page = await html(`/incidents/incident/${id}`)
    const groups = [...page.matchAll(/<details class="feature-group"( open="")?><summary><b>([^<]+)<\/b>/g)]
    expect(groups.map(([, , name]) => name)).toEqual([...new Set(FEATURES.map(({ group }) => group))])
    // The three that moved the prediction most.
    expect(groups.filter(([, open]) => open).length).toBe(3)
    const lines = [...page.slice(page.indexOf('id="features"')).matchAll(/<th scope="row">([^<]+)/g)]
    expect(lines.map(([, name]) => name)).toEqual(FEATURES.map(({ name }) => name.replaceAll('_', ' ')))
    const text = textOf(page.slice(page.indexOf('id="features"')))
    const at = (i: number) => FEATURES[i]!.name.replaceAll('_', ' ')
    // 3.8 lies outside 0 to 2; the last column is (50 − 1) / 1000 for every third.
    expect(text).toMatch(new RegExp(`${at(1)} .{0,160} 3\\.8 unusual ${FEATURES[1]!.unit} 0 to 2 median 0\\.3333 none`))
    expect(text).toMatch(new RegExp(`${at(3)} .{0,160} 11\\.3 unusual ${FEATURES[3]!.unit} 0 to 4 median 1 \\+0\\.047`))
    const absent = FEATURES.findIndex(({ absent }, i) => i % 11 === 0 && absent !== null)
    expect(text).toMatch(new RegExp(`${at(absent)} .{0,160} absent ?${FEATURES[absent]!.absent} `))
    // Absent in every ordinary window of the fixture.
    expect(text).toContain('always absent')
  })

  it('does not lend the usual ranges of one model to an incident of another', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3, { model_version: 'older' })])
    const page = await html(`/incidents/incident/${id}`)
    const features = textOf(page.slice(page.indexOf('id="features"')))
    expect(features).not.toMatch(/unusual|median \d/)
    expect(features.match(/not known/g)!.length).toBeGreaterThanOrEqual(100)
  })

  it('does not lend the thresholds of one model to an incident of another', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3, { model_version: 'older' })])
    const text = textOf(await html(`/incidents/incident/${id}`))
    expect(text).toContain('Model older is not the one at hand')
    expect(text).toMatch(/Brute Force Attack decided 94\.3 % not known/)
  })

  it('an analyst changes it by forms; a viewer has none', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const headers = { Cookie: await logIn(under, 'analyst') }
    const open = async () => (await under.request(`/incidents/incident/${id}`, { headers })).text()
    const send = async (fields: Record<string, string>) =>
      under.request(`/incidents/incident/${id}/triage`, form({ csrf: csrfIn(await open()), ...fields }, headers))
    const changes: Record<string, string>[] = [
      { status: 'investigating' },
      { assignee: 'analyst' },
      { severity: 'low' },
    ]
    for (const fields of changes) {
      const answer = await send(fields)
      expect(answer.status).toBe(303)
      expect(answer.headers.get('Location')).toBe(`/incidents/incident/${id}`)
    }
    const text = textOf(await open())
    expect(text).toContain('assigned to analyst')
    expect(text).toContain('user:analyst status changed: new to investigating')
    expect(text).toContain('Take the assignment back')
    expect((await send({ assignee: '' })).status).toBe(303)
    expect(textOf(await open())).toContain('nobody assigned')
    expect((await send({ status: 'contained' })).status).toBe(409)
    const viewer = await html(`/incidents/incident/${id}`, 'viewer')
    expect(viewer).not.toContain('/triage')
  })

  it('a campaign lists two hundred of its sources and finds the others', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('c', 1, { kind: 'campaign', sources_count: 300 })])
    await insertSources(DB, 'c', 300)
    const page = await html(`/incidents/incident/${id}`)
    expect(textOf(page)).toContain('The first 200 of 300')
    expect(textOf(await html(`/incidents/incident/${id}?source=192.0.3.7`))).toContain('1 of 300 are like this.')
  })

  it('no tab is shown that does not exist yet', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const tabs = /<nav class="tabs".*?<\/nav>/s.exec(await html(`/incidents/incident/${id}`))![0]
    expect([...tabs.matchAll(/href="([^"]+)"/g)].map((match) => match[1])).toEqual([
      `/incidents/incident/${id}`,
      `/incidents/incident/${id}/council`,
      `/incidents/incident/${id}/evidence`,
    ])
  })

  it('one that does not exist is a page with status 404', async () => {
    const answer = await under.request('/incidents/incident/424242', { headers: bearer('viewer') })
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('No incident has this id')
  })
})

describe('evidence', () => {
  it('shows each line as it arrived, with the matched values marked', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const rows = sshdEvidence('k', 3)
    await insertEvidence(DB, rows)
    const page = await html(`/incidents/incident/${id}/evidence`)
    const lines = [...page.matchAll(/<code>(.*?)<\/code>/gs)].map((match) => textOf(match[1]!.replace(/<[^>]+>/g, '')))
    expect(lines).toEqual(rows.map(({ original }) => original))
    expect(page).toContain('<mark>root</mark>')
    expect(textOf(page)).toContain('3 of 12,345 events')
    expect(page).toContain('datetime="2026-11-24T07:15:00.731Z"')
  })

  it('names what cannot be seen', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const [row] = sshdEvidence('k', 1)
    await insertEvidence(DB, [{ ...row!, original: 'user \u202Etxt.exe\u0000\x1b[2J' }])
    const page = await html(`/incidents/incident/${id}/evidence`)
    for (const name of ['U+202E', 'U+0000', 'U+001B'])
      expect(page).toContain(`<span class="hidden-character">${name}</span>`)
    for (const hidden of ['\u202e', '\0', '\x1b']) expect(page).not.toContain(hidden)
  })

  it('a long line is cut in the list and whole on its own page', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 4)])
    const row = eveEvidence('k', 1)
    await insertEvidence(DB, [row])
    expect(textOf(await html(`/incidents/incident/${id}/evidence`))).toContain(
      `${row.original.length - 400} more characters`,
    )
    const page = await html(`/incidents/incident/${id}/evidence/1`)
    const line = /<pre class="original">(.*?)<\/pre>/s.exec(page)![1]!.replace(/<[^>]+>/g, '')
    expect(textOf(line)).toBe(row.original)
    expect((await under.request(`/incidents/incident/${id}/evidence/2`, { headers: bearer('viewer') })).status).toBe(
      404,
    )
  })

  it('a viewer is told that a line with a password is withheld', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 3)])
    const [row] = sshdEvidence('k', 1)
    await insertEvidence(DB, [{ ...row!, event: { ...row!.event, password: 'hunter2' }, original: 'x hunter2 y' }])
    for (const part of ['', '/evidence', '/evidence/1']) {
      const seen = await html(`/incidents/incident/${id}${part}`, 'viewer')
      expect(seen).not.toContain('hunter2')
      expect(seen).toContain('withheld')
      expect(await html(`/incidents/incident/${id}${part}`, 'analyst')).toContain('hunter2')
    }
  })

  it('five hundred long lines go out in under 100 KB compressed', async () => {
    const [id] = await insertIncidents(DB, [incidentRow('k', 4)])
    await insertEvidence(
      DB,
      Array.from({ length: 500 }, (_, i) => eveEvidence('k', i + 1)),
    )
    for (const part of ['', '/evidence']) {
      const page = await html(`/incidents/incident/${id}${part}`)
      const zipped = await new Response(
        new Response(page).body!.pipeThrough(new CompressionStream('gzip')),
      ).arrayBuffer()
      expect(zipped.byteLength).toBeLessThan(100_000)
    }
    expect([...(await html(`/incidents/incident/${id}/evidence`)).matchAll(/<code>/g)]).toHaveLength(500)
  })
})

describe('threat intelligence', () => {
  const known = {
    findings: [
      {
        kind: 'network' as const,
        source: 'RouteViews and DB-IP',
        subject: '203.0.113.7',
        score: null,
        value: '64500',
        detail: 'Example Ltd',
        asOf: FIXTURE_NOW - 100 * 24 * 60 * MINUTE,
        licence: 'CC BY 4.0',
        expires: null,
      },
      {
        kind: 'blocklist' as const,
        source: 'ipsum',
        subject: '203.0.113.7',
        score: 0.875,
        value: '',
        detail: '<script>alert(1)</script>',
        asOf: FIXTURE_NOW - 3 * 60 * MINUTE,
        licence: null,
        expires: null,
      },
      {
        kind: 'tor-exit' as const,
        source: 'AbuseIPDB',
        subject: '203.0.113.7',
        score: 0,
        value: '',
        detail: '',
        asOf: FIXTURE_NOW - MINUTE,
        licence: null,
        expires: null,
      },
    ],
    asked: ['ipsum', 'FireHOL', 'AbuseIPDB', 'RouteViews and DB-IP'],
    at: FIXTURE_NOW,
  }

  it('is told with source, licence and age on the incident, and what is absent is said to be', async () => {
    await insertIncidents(DB, [incidentRow('known', 3, { intel: known })])
    const { id } = (await DB.prepare('SELECT id FROM incidents').first<{ id: number }>())!
    const page = await html(`/incidents/incident/${id}`)
    const text = textOf(page)
    expect(text).toMatch(/Network AS64500 Example Ltd no number RouteViews and DB-IP CC BY 4\.0 100 d ago/)
    expect(text).toMatch(/Blocklist .*87\.5 % ipsum 3 h ago/)
    expect(text).toContain('Tor exit it is none no number AbuseIPDB 60 s ago')
    expect(text).toContain('Asked, and nothing known of it: FireHOL')
    expect(text).toContain('IP Geolocation by DB-IP')
    expect(page).not.toContain('<script>alert')
    const answer = await under.request(`/api/incidents/${id}`, { headers: bearer('viewer') })
    expect(await answer.json()).toMatchObject({
      intel: {
        findings: [{ value: '64500', as_of: '2026-08-16T08:15:00.000Z' }, { score: 0.875 }, { score: 0 }],
        asked: known.asked,
      },
    })
  })

  it.each([
    [null, 'source', 'written without threat intelligence'],
    [null, 'campaign', 'The sources of a campaign are not looked up'],
    [{ findings: [], asked: [], at: 0 }, 'source', 'Nobody was asked'],
  ] as const)('%j of a %s incident reads: %s', async (intel, kind, said) => {
    await insertIncidents(DB, [incidentRow('absent', 3, { intel: intel as never, kind })])
    const { id } = (await DB.prepare('SELECT id FROM incidents').first<{ id: number }>())!
    expect(textOf(await html(`/incidents/incident/${id}`))).toContain(said)
  })

  it('lists what is loaded with licence, counts, age and last error', async () => {
    expect(textOf(await html('/intel', 'viewer'))).toContain('No list is loaded')
    await DB.prepare(
      `INSERT INTO intel_lists VALUES ('a', 'Bad <b>hosts</b>', 'blocklist', 'plain', 'count', 0.5, NULL,
        'https://lists.example/a', 60, 0, 'lists/a/x', 480, ?, '["line 2: nonsense"]', ?, ?, 30, ?, ?, NULL, NULL,
        'https://lists.example/a answered 500')`,
    )
      .bind(
        JSON.stringify({ addresses: 1200, ranges: 1, domains: 0, ja3: 0, expired: 0, refused: 0, unreadable: 1 }),
        FIXTURE_NOW - 2 * 60 * MINUTE,
        FIXTURE_NOW - MINUTE,
        FIXTURE_NOW - 2 * 60 * MINUTE,
        FIXTURE_NOW - 5 * MINUTE,
      )
      .run()
    const text = textOf(await html('/intel', 'viewer'))
    for (const said of [
      'Bad <b>hosts</b>',
      'no licence named',
      '1,200 addresses, 1 range, 1 unreadable',
      '50.0 %',
      '2 h ago expired, not used',
      'line 2: nonsense',
      'Last refresh failed: https://lists.example/a answered 500',
      'every 60 minutes, asked 5 min ago',
    ])
      expect(text).toContain(said)
    await DB.prepare('DELETE FROM intel_lists').run()
  })
})

describe('background', () => {
  it('is counted and can be searched', async () => {
    await DB.batch(
      ['198.18.0.1', '198.18.0.2', '2001:db8:0:1::/64'].map((source, i) =>
        DB.prepare('INSERT INTO background_sources VALUES (?, ?, 2, 1, 2, 0.7, 0, ?)').bind(`p${i}`, source, i),
      ),
    )
    const all = textOf(await html('/background', 'viewer'))
    expect(all).toContain('3 sources with evidence too thin')
    const found = textOf(await html('/background?q=2001:DB8&class=2', 'viewer'))
    expect(found).toContain('2001:db8:0:1::/64')
    expect(found).not.toContain('198.18.0.1')
    expect(textOf(await html('/background?class=5', 'viewer'))).toContain('No background source is like this.')
  })
})

describe('hostile text', () => {
  const TAGS = new Set(
    'html head meta title link script body a header svg path nav div span small form input button main section h1 h2 p ul ol li table thead tbody tr th td time details summary figure figcaption rect line search label select option textarea b code pre mark'.split(
      ' ',
    ),
  )
  const SCRIPTS = ['/local-time.js', '/vendor/htmx.min.js']

  /** What is wrong with one attribute of an element; null when we wrote it. */
  function wrongWith({ tag, attributes }: Element, name: string, value: string): string | null {
    if (!/^[a-z][a-z0-9]*([-:][a-z]+)*$/i.test(name)) return `<${tag}> has an attribute ${name}`
    if (/^(on|style$|srcdoc|formaction|ping|background)/i.test(name)) return `<${tag}> has ${name}`
    if (/^(data-)?hx-/.test(name) && attributes.id !== 'figures') return `<${tag}> has ${name}`
    const leads = name === 'href' || name === 'src' || name === 'action'
    return leads && !/^(\/(?![/\\])|#)/.test(value) ? `<${tag}> leads to ${value}` : null
  }

  /** Nothing in the page is there but what we wrote: known tags, our two scripts, no handler, no address elsewhere. */
  async function expectInert(page: string): Promise<void> {
    const wrong: string[] = []
    for (const element of await elementsOf(page)) {
      const { tag, attributes } = element
      if (!TAGS.has(tag)) wrong.push(`<${tag}>`)
      if (tag === 'script' && !SCRIPTS.includes(attributes.src ?? '')) wrong.push(`script of ${attributes.src}`)
      for (const [name, value] of Object.entries(attributes)) {
        const why = wrongWith(element, name, value)
        if (why !== null) wrong.push(why)
      }
    }
    expect(wrong).toEqual([])
  }

  it('the check sees what it is there for', async () => {
    await expectInert('<p>fine</p>')
    for (const bad of [
      '<script>1</script>',
      '<img src=/x>',
      '<p onclick=x>',
      '<a href=javascript:x>',
      '<a href=//evil.test>',
      '<p style=x>',
      '<p hx-get=/x>',
    ])
      await expect(expectInert(bad), bad).rejects.toThrow()
  })

  it.each(HOSTILE_TEXT.map((text, i) => [i, text] as const))('%i: %j stays text on every page', async (i, text) => {
    const key = `x${i}`
    const { incident, evidence } = hostileIncident(key, text)
    const [id] = await insertIncidents(DB, [incident])
    await insertEvidence(DB, [evidence])
    await addSensor('gateway', text)
    await DB.batch([
      DB.prepare('INSERT INTO incident_sources VALUES (?, ?, 1, 0.7, 0, 0)').bind(key, text),
      DB.prepare("INSERT INTO background_sources VALUES ('p0', ?, 2, 1, 2, 0.7, 0, 0)").bind(text),
      DB.prepare(
        "INSERT INTO audit_log (at, actor, action, subject_type, subject_id, detail) VALUES (1, ?, ?, 'incident', ?, ?)",
      ).bind(text, text, key, JSON.stringify({ from: text, to: text })),
    ])
    const said = appUnderTest({
      sensor: (sensor) => ({ ...WELL.sensor(sensor), recentRejections: [{ at: 0, reason: text }] }),
      partition: (name) => ({ ...WELL.partition(name), modelVersion: text, modelError: name === 'p0' ? text : null }),
    })
    const failing = appUnderTest({
      sensor: () => {
        throw new Error(text)
      },
      partition: () => {
        throw new Error(text)
      },
    })
    const asked = encodeURIComponent(text)
    const pages: [path: string, app: typeof said][] = [
      ['/', said],
      ['/', failing],
      ['/fragments/dashboard', said],
      ['/incidents', said],
      [`/incidents?q=${asked}&status=all`, said],
      [`/incidents?status=${asked}`, said],
      [`/incidents?src_ip=${asked}&severity=${asked}&class=${asked}&sort=${asked}`, said],
      [`/incidents/incident/${id}`, said],
      [`/incidents/incident/${id}?source=${asked}`, said],
      [`/incidents/incident/${id}/evidence`, said],
      [`/incidents/incident/${id}/evidence/1`, said],
      [`/background?q=${asked}`, said],
      [`/${asked}`, said],
      [`/login?next=${asked}`, said],
    ]
    for (const [path, app] of pages) {
      const answer = await app.request(path, { headers: bearer('analyst') })
      if (answer.status < 300 || answer.status >= 400) await expectInert(await answer.text())
    }
    await DB.prepare("UPDATE incidents SET kind = 'campaign', sources_count = 2").run()
    await expectInert(await html(`/incidents/incident/${id}`, 'analyst', said))
    const refused = await said.request('/login', form({ name: text, password: text, next: text }))
    await expectInert(await refused.text())
  })

  it('is still there to be read', async () => {
    const text = '<script>window.owned=1</script>'
    const { incident, evidence } = hostileIncident('x', text)
    const [id] = await insertIncidents(DB, [incident])
    await insertEvidence(DB, [evidence])
    const shown = textOf(await html(`/incidents/incident/${id}/evidence/1`))
    expect(shown.split(text).length).toBeGreaterThan(25)
  })
})

describe('every page', () => {
  it.each(['/', '/incidents', '/background', '/login', '/nope'])(
    '%s has its language, landmarks, one heading and a way past the menu',
    async (path) => {
      const answer = await under.request(path, path === '/login' ? {} : { headers: bearer('viewer') })
      const page = await answer.text()
      expect(page).toMatch(/^<!DOCTYPE html><html lang="en">/)
      expect(page).toContain('<a class="skip" href="#main">')
      expect(page).toContain('<main id="main"')
      expect([...page.matchAll(/<h1[ >]/g)]).toHaveLength(1)
      const elements = await elementsOf(page)
      for (const { tag, attributes } of elements) {
        if (tag === 'input' && attributes.type !== 'hidden') expect(attributes.name).toBeDefined()
        if (tag === 'th') expect(attributes.scope).toMatch(/^(col|row)$/)
      }
    },
  )
})
