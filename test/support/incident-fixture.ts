import { databaseOf } from '../../adapters/d1/database.ts'
import type { ModelManifest } from '../../core/ensemble/prediction.ts'
import type { CanonicalEvent } from '../../core/events/event.ts'
import { FEATURES, SCHEMA_HASH } from '../../core/features/schema.ts'
import type { RuleIndicator } from '../../core/rules/indicators.ts'
import { incidentEvidence, incidentSources, incidents } from '../../core/store/schema.ts'
import { type ClassId, classOf } from '../../core/taxonomy.ts'

/** Incidents as the partitions write them, for tests that read: every figure here is the fixture's own. */

export type IncidentInsert = typeof incidents.$inferInsert
export type EvidenceInsert = typeof incidentEvidence.$inferInsert

export const FIXTURE_NOW = Date.UTC(2026, 10, 24, 8, 15)
const MINUTE = 60_000

export const FIXTURE_MANIFEST: ModelManifest = {
  version: 'fixture-1',
  schema_hash: SCHEMA_HASH,
  trainer: 'fixture',
  seed: 1,
  parent: null,
  sha256: '00',
  created_from: 'nothing: a test fixture',
  member_weights: { forest: 0.7, boosting: 0.2, network: 0.1 },
  temperature: 1,
  thresholds: [0.5, 0.42, 0.35, 0.4, 0.38, 0.3, 0.25],
  anomaly_threshold: 0.62,
  usual: FEATURES.map((_, i) => (i % 9 === 0 ? null : (i % 7) / 3)),
  usual_range: FEATURES.map((_, i) => (i % 9 === 0 ? null : [0, 1 + (i % 7)])),
  metrics: {},
}

const INDICATORS: [feature: string, value: number | null, usual: number | null, contribution: number][] = [
  ['failures', 812, 0, 0.212],
  ['failure_rate', 0.9963, 0, 0.174],
  ['distinct_usernames', 214, 1, 0.131],
  ['events_1h', 2431.7, 12.4, 0.082],
  ['iat_cv', 0.214, 1.62, 0.061],
  ['repeat_interval_s', 0.7314, null, 0.043],
  ['bytes_in', 512, 48_211, -0.038],
  ['established_share', null, 0.83, 0.027],
  ['top_port_share', 1, 0.41, 0.021],
  ['destination_entropy', 0, 1.52, -0.012],
]

/** A row of `threatClass`; `key` names it, and what `over` gives is taken as it is. */
export function incidentRow(key: string, threatClass: ClassId, over: Partial<IncidentInsert> = {}): IncidentInsert {
  const { name, family, severity } = classOf(threatClass)
  const confidence = over.ml_confidence ?? 0.943
  const rest = (1 - confidence) / 6
  const created = over.created_at ?? FIXTURE_NOW - 40 * MINUTE
  const probabilities = Array.from({ length: 7 }, (_, id) => (id === threatClass ? confidence : rest))
  return {
    incident_key: key,
    revision: 3,
    kind: 'source',
    src_ip: '203.0.113.7',
    sources_count: 1,
    escalation_level: severity === 'critical' ? 'urgent' : 'standard',
    severity,
    risk_score: 71,
    peak_risk: 78,
    threat_class: threatClass,
    threat_category: name,
    class_family: family,
    ml_confidence: confidence,
    anomaly_score: 0.58,
    route: confidence > 0.9 ? 'TRUST' : confidence >= 0.5 ? 'VERIFY' : 'INVESTIGATE',
    uncertain: false,
    opened_by: 'prediction',
    routing_path: ['ensemble'],
    api_calls_made: [],
    processing_time_ms: 640,
    triage_note: {
      indicators: INDICATORS.map(([feature, value, usual, contribution]) => ({
        feature,
        value,
        usual,
        contribution,
        unit: FEATURES.find((row) => row.name === feature)?.unit ?? 'count',
      })),
      votes: { forest: probabilities, boosting: probabilities, network: probabilities },
      missing: confidence > 0.9 ? [] : ['No verifier has looked.'],
    },
    probabilities,
    features: FEATURES.map((_, i) => (i % 11 === 0 ? null : Math.round(i * 37.7) / 10)),
    contributions: FEATURES.map((_, i) => (i % 3 === 0 ? (50 - i) / 1000 : 0)),
    model_version: FIXTURE_MANIFEST.version,
    schema_hash: SCHEMA_HASH,
    events_count: 12_345,
    targets: [
      { host: '198.51.100.20', port: 22, events: 12_300 },
      { host: '198.51.100.21', port: 22, events: 45 },
    ],
    sensors: ['gateway'],
    first_seen: created - 22 * MINUTE,
    last_seen: created + 9 * MINUTE,
    created_at: created,
    updated_at: created + 9 * MINUTE,
    ...over,
  }
}

const USERS = ['root', 'admin', 'oracle', 'git', 'ubuntu', 'postgres', 'test', 'deploy', 'www-data', 'pi']

/** `count` failed log-ins as sshd writes them, one every 731 ms. */
export const sshdEvidence = (key: string, count: number, from = FIXTURE_NOW - 60 * MINUTE): EvidenceInsert[] =>
  Array.from({ length: count }, (_, i) => {
    const ts = from + i * 731
    const username = USERS[(i * 7) % USERS.length]!
    const port = 30_000 + ((i * 7919) % 30_000)
    const stamp = new Date(ts).toUTCString().slice(5, 25).split(' ')
    const event: CanonicalEvent = {
      ts,
      src_ip: '203.0.113.7',
      src_port: port,
      dst_port: 22,
      event_type: 'ssh.login.failed',
      service: 'ssh',
      username,
    }
    return {
      incident_key: key,
      n: i + 1,
      ts,
      sensor: 'gateway',
      stream: '/var/log/auth.log',
      format: 'sshd',
      event,
      original: `${stamp[1]} ${stamp[0]} ${stamp[3]} gw-${i % 3} sshd[${2000 + ((i * 13) % 20000)}]: Failed password for ${i % 4 === 0 ? 'invalid user ' : ''}${username} from 203.0.113.7 port ${port} ssh2`,
      matched: ['ts', 'username', 'event_type'],
    }
  })

/** A line of Suricata's EVE log of some 900 characters with its event, for pages of many long lines. */
export function eveEvidence(key: string, n: number, ts = FIXTURE_NOW - 30 * MINUTE + n * 97): EvidenceInsert {
  const path = `/wp-content/plugins/p${(n * 31) % 97}/readme.txt?id=${(n * 7919) % 99_991}%27%20OR%201%3D1`
  const flow_id = (n * 1_640_531_527 + 987_654_321) % 9_007_199_254
  const event: CanonicalEvent = {
    ts,
    src_ip: '203.0.113.9',
    src_port: 40_000 + (n % 20_000),
    dst_ip: '198.51.100.30',
    dst_port: 80,
    proto: 'tcp',
    event_type: 'http.request',
    service: 'http',
    http: { method: 'GET', host: 'shop.example', path, status: n % 5 === 0 ? 200 : 404, user_agent: 'sqlmap/1.8' },
  }
  const original = JSON.stringify({
    timestamp: new Date(ts).toISOString().replace('Z', '+0000'),
    flow_id,
    in_iface: 'eth0',
    event_type: 'http',
    src_ip: event.src_ip,
    src_port: event.src_port,
    dest_ip: event.dst_ip,
    dest_port: 80,
    proto: 'TCP',
    pkt_src: 'wire/pcap',
    tx_id: n % 7,
    http: {
      hostname: 'shop.example',
      url: path,
      http_user_agent: 'sqlmap/1.8',
      http_content_type: 'text/html',
      http_method: 'GET',
      protocol: 'HTTP/1.1',
      status: event.http!.status,
      length: 150 + ((n * 641) % 9000),
      request_headers: [
        { name: 'Accept', value: '*/*' },
        { name: 'Accept-Encoding', value: 'gzip, deflate' },
        { name: 'Connection', value: 'close' },
        { name: 'X-Request-Id', value: `${(flow_id * 48_271) % 2_147_483_647}-${(flow_id * 16_807) % 2_147_483_647}` },
      ],
      response_headers: [
        { name: 'Server', value: 'nginx' },
        { name: 'Date', value: new Date(ts).toUTCString() },
        { name: 'Content-Type', value: 'text/html; charset=utf-8' },
      ],
    },
  })
  return {
    incident_key: key,
    n,
    ts,
    sensor: 'web',
    stream: 'eve.json',
    format: 'suricata',
    event,
    original,
    matched: ['http', 'dst_ip'],
  }
}

/** A rule that matches, as a partition writes it; what `over` gives is taken as it is. */
export const ruleIndicator = (over: Partial<RuleIndicator> = {}): RuleIndicator => ({
  rule: 'ssh-password-guessing',
  title: 'SSH passwords guessed',
  level: 'high',
  threat_class: 3,
  explains: null,
  techniques: ['T1110.001'],
  group: { src_ip: '203.0.113.7' },
  groups: 1,
  count: 214,
  first_seen: FIXTURE_NOW - 60 * MINUTE,
  last_seen: FIXTURE_NOW - 31 * MINUTE,
  evidence: [1, 7, 214],
  ...over,
})

/** Writes incidents; gives their ids in order. */
export async function insertIncidents(db: D1Database, rows: IncidentInsert[]): Promise<number[]> {
  const ids: number[] = []
  for (const row of rows) {
    const [written] = await databaseOf(db).insert(incidents).values(row).returning({ id: incidents.id })
    ids.push(written!.id)
  }
  return ids
}

/** In statements of eleven rows: D1 takes a hundred parameters a statement. */
export async function insertEvidence(db: D1Database, rows: EvidenceInsert[]): Promise<void> {
  for (let i = 0; i < rows.length; i += 11)
    await databaseOf(db)
      .insert(incidentEvidence)
      .values(rows.slice(i, i + 11))
}

/** `count` sources of a campaign. */
export async function insertSources(db: D1Database, key: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => ({
    incident_key: key,
    src_ip: `192.0.${2 + (i >> 8)}.${i & 255}`,
    events: 2 + (i % 3),
    confidence: 0.61 + (i % 30) / 100,
    first_seen: FIXTURE_NOW - 30 * MINUTE + i,
    last_seen: FIXTURE_NOW - 20 * MINUTE + i,
  }))
  for (let i = 0; i < rows.length; i += 16)
    await databaseOf(db)
      .insert(incidentSources)
      .values(rows.slice(i, i + 16))
}

/** An incident that says `text` in every place that an attacker can reach, with one event of evidence that does too. */
export function hostileIncident(key: string, text: string): { incident: IncidentInsert; evidence: EvidenceInsert } {
  const plain = incidentRow(key, 4, { ml_confidence: 0.71 })
  const incident: IncidentInsert = {
    ...plain,
    src_ip: text,
    targets: [{ host: text, port: 80, events: 3 }],
    sensors: [text],
    assignee: text,
    council_reasoning: text,
    model_version: text,
    triage_note: {
      ...plain.triage_note,
      indicators: plain.triage_note.indicators.map((indicator) => ({ ...indicator, feature: text, unit: text })),
      missing: [text],
      rules: [ruleIndicator({ group: { src_ip: text, username: text } })],
    },
  }
  const evidence: EvidenceInsert = {
    incident_key: key,
    n: 1,
    ts: FIXTURE_NOW,
    sensor: text,
    stream: text,
    format: 'canonical',
    event: {
      ts: FIXTURE_NOW,
      src_ip: text,
      dst_ip: text,
      event_type: text,
      event_id: text,
      proto: text,
      service: text,
      tcp_state: text,
      session: text,
      username: text,
      password: text,
      command: text,
      url: text,
      sha256: text,
      http: { method: text, host: text, path: text, user_agent: text },
      dns: { query: text, qtype: text, rcode: text },
      tls: { sni: text, version: text, ja3: text },
      ssh: { client: text, hassh: text },
      alert: { signature: text, category: text, severity: 1 },
      process: { name: text, command_line: text, parent: text, user: text },
    },
    original: `${text} ${'filler '.repeat(70)}${text}`,
    matched: ['username', 'http', 'tls', 'alert', 'command', 'dst_ip'],
  }
  return { incident, evidence }
}
