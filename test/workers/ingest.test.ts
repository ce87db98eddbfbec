import { exports, env as workerEnv } from 'cloudflare:workers'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { databaseOf } from '../../adapters/d1/database.ts'
import { type SignedRequest, sign } from '../../core/auth/request-signature.ts'
import { seal } from '../../core/auth/sealed-secret.ts'
import { secureRandom, sha256Hex } from '../../core/auth/token.ts'
import type { BatchAnswer, SensorBatch } from '../../core/events/batch.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import { sensorSecrets, sensors } from '../../core/store/schema.ts'
import { inParts } from '../../worker/ingest/parts.ts'
import { type IngestBindings, ingest } from '../../worker/routes/ingest.ts'

const { DB } = workerEnv as unknown as { DB: D1Database }
const db = databaseOf(DB)
const NOW = Date.parse('2026-03-02T12:00:00Z')
const KEY = 'a-key-of-256-random-bits'
const line = (n = 0, more: object = {}) =>
  JSON.stringify({ ts: '2026-03-02T08:15:30Z', src_ip: `203.0.113.${n % 256}`, event_type: 'flow', ...more })

/** Stands in for the Sensor object: notes what it is told, answers what the test says. */
class FakeSensor {
  batches: SensorBatch[] = []
  answer: (batch: SensorBatch) => BatchAnswer = ({ accepted }) => ({ tag: 'accepted', accepted, duplicates: 0 })
  names: string[] = []
  nonces = new Set<string>()
  failure: Error | null = null
  getByName(name: string) {
    this.names.push(name)
    return {
      useNonce: async (nonce: string) => !this.nonces.has(nonce) && !!this.nonces.add(nonce),
      ingest: async (batch: SensorBatch) => {
        if (this.failure) throw this.failure
        this.batches.push(batch)
        return this.answer(batch)
      },
    }
  }
  events(): ReadEvent[] {
    return this.batches.flatMap(({ shares }) => shares.flatMap(({ events }) => JSON.parse(events) as ReadEvent[]))
  }
}

let sensor: FakeSensor
let now: number
let app: ReturnType<typeof ingest>
const bindings = (): IngestBindings => ({ DB, SENSOR: sensor, PARTITIONS: '4', SESSION_SECRET: 'session' })

async function post(body: BodyInit | null, headers: Record<string, string> = {}, query = '') {
  const init = { method: 'POST', body, headers: { Authorization: `Bearer ${KEY}`, ...headers } }
  const answer = await app.request(`/v1/events${query}`, init, bindings())
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> }
}

beforeEach(async () => {
  sensor = new FakeSensor()
  now = NOW
  app = ingest(() => now)
  await db.delete(sensors)
  await db.insert(sensors).values({ id: 'edge-1', name: 'Edge 1', key_hash: await sha256Hex(KEY), created_at: NOW })
})

describe('a sensor', () => {
  it('is known by the SHA-256 of its key, and its object gets the batch', async () => {
    const { status, body } = await post(line(1), { 'Idempotency-Key': 'file-1:0', 'X-Picket-Stream': 'conn.log' })
    expect([status, body]).toEqual([202, { accepted: 1, duplicates: 0, rejected: [], batch: 'file-1:0' }])
    expect(sensor.names).toEqual(['edge-1'])
    expect(sensor.batches).toMatchObject([{ id: 'file-1:0', stream: 'conn.log', receivedAt: NOW, accepted: 1 }])
    expect(sensor.events()).toMatchObject([{ format: 'canonical', original: line(1) }])
  })

  it.each([
    ['without a key', {}],
    ['with a wrong key', { Authorization: 'Bearer wrong' }],
    ['with the key in another scheme', { Authorization: `Basic ${KEY}` }],
    ['with the hash for a key', { Authorization: `Bearer ${'0'.repeat(64)}` }],
    ['with a key that is no header text', { Authorization: `Bearer ${KEY} ${KEY}` }],
  ])('is refused %s, and nothing is stored', async (_, headers) => {
    const answer = await app.request('/v1/events', { method: 'POST', body: line(), headers }, bindings())
    expect(answer.status).toBe(401)
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="Picket"')
    expect(sensor.batches).toEqual([])
  })

  it('is refused at most ten seconds after its key was revoked', async () => {
    expect((await post(line())).status).toBe(202)
    await db.update(sensors).set({ revoked_at: now })
    now += 9_999
    expect((await post(line())).status).toBe(202)
    now += 1
    expect((await post(line())).status).toBe(401)
  })

  it('is known at once when it is new', async () => {
    expect((await post(line(), { Authorization: 'Bearer second' })).status).toBe(401)
    await db
      .insert(sensors)
      .values({ id: 'edge-2', name: 'Edge 2', key_hash: await sha256Hex('second'), created_at: NOW })
    expect((await post(line(), { Authorization: 'Bearer second' })).status).toBe(202)
    expect(sensor.names).toEqual(['edge-2'])
  })

  it('may send only the formats and report only the sources of its scope', async () => {
    await db.update(sensors).set({ formats: ['canonical'], source_ranges: ['203.0.113.0/28', '2001:db8::/32'] })
    const access = '203.0.113.1 - - [02/Mar/2026:08:15:30 +0000] "GET / HTTP/1.1" 200 12 "-" "x"'
    const { status, body } = await post([line(1), line(16), access, line(0, { src_ip: '2001:db8::5' })].join('\n'))
    expect([status, body]).toMatchObject([
      202,
      {
        accepted: 2,
        rejected: [
          { index: 1, reason: '203.0.113.16 is outside the source ranges that this sensor may report' },
          { index: 2, reason: 'this sensor may send canonical, not access-log' },
        ],
      },
    ])
    expect(
      sensor
        .events()
        .map(({ event }) => event.src_ip)
        .sort(),
    ).toEqual(['2001:db8::5', '203.0.113.1'])
  })

  it('with a scope that cannot be read may report nothing', async () => {
    await db.update(sensors).set({ source_ranges: ['203.0.113.0'] })
    expect((await post(line(1))).status).toBe(400)
    expect(sensor.batches).toEqual([])
  })
})

describe('a sensor that signs', () => {
  const SECRET = 'the sensor signs with this'
  const target = '/v1/events'

  async function signed(body: string, change: Partial<SignedRequest> = {}, sender = 'edge-1') {
    const request: SignedRequest = {
      method: 'POST',
      target,
      timestamp: String(now / 1000),
      nonce: crypto.randomUUID(),
      bodyHash: await sha256Hex(body),
      ...change,
    }
    return {
      'X-Picket-Sensor': sender,
      'X-Picket-Timestamp': request.timestamp,
      'X-Picket-Nonce': request.nonce,
      'X-Picket-Signature': await sign(request, SECRET),
    }
  }

  async function send(body: BodyInit, headers: Record<string, string>, query = '', env = bindings()) {
    const answer = await app.request(`${target}${query}`, { method: 'POST', body, headers }, env)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  beforeEach(async () => {
    const sealed = await seal(SECRET, 'edge-1', 'session', secureRandom)
    await db.insert(sensorSecrets).values({ sensor_id: 'edge-1', sealed, created_at: NOW })
  })

  it('is known by its signature, within its scope', async () => {
    expect((await send(line(1), await signed(line(1)))).status).toBe(202)
    expect(sensor.events()).toMatchObject([{ original: line(1) }])
    expect(new Set(sensor.names)).toEqual(new Set(['edge-1']))
  })

  it('signs the body as it is sent, compressed', async () => {
    const zipped = gzipSync(line(1))
    const bodyHash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', zipped))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
    const headers = { ...(await signed('', { bodyHash })), 'Content-Encoding': 'gzip' }
    expect((await send(zipped, headers)).status).toBe(202)
  })

  it('is refused when it sends the same request again, and may send the body with a new nonce', async () => {
    const headers = await signed(line(1))
    expect((await send(line(1), headers)).status).toBe(202)
    expect(await send(line(1), headers)).toMatchObject({
      status: 401,
      body: { type: 'urn:problem-type:picket:bad-signature' },
    })
    expect(sensor.batches.length).toBe(1)
    expect((await send(line(1), await signed(line(1)))).status).toBe(202)
  })

  it.each<[string, () => Promise<[body: string, headers: Record<string, string>, query?: string]>]>([
    ['another body', async () => [line(2), await signed(line(1))]],
    ['another query', async () => [line(1), await signed(line(1)), '?format=canonical']],
    ['a time 301 s ago', async () => [line(1), await signed(line(1), { timestamp: String(now / 1000 - 301) })]],
    ['a time 301 s ahead', async () => [line(1), await signed(line(1), { timestamp: String(now / 1000 + 301) })]],
    ['no nonce', async () => [line(1), await signed(line(1), { nonce: '' })]],
    ['a sensor that is not known', async () => [line(1), await signed(line(1), {}, 'edge-9')]],
    ['no sensor', async () => [line(1), await signed(line(1), {}, '')]],
    ['no hexadecimal signature', async () => [line(1), { ...(await signed(line(1))), 'X-Picket-Signature': 'x' }]],
    // The key alone must not pass where a signature was sent that does not hold.
    [
      'a key beside a wrong signature',
      async () => [line(2), { ...(await signed(line(1))), Authorization: `Bearer ${KEY}` }],
    ],
  ])('is refused with %s, without a reason, and nothing is stored', async (_, request) => {
    const [body, headers, query] = await request()
    const answer = await send(body, headers, query)
    expect(answer).toEqual({
      status: 401,
      body: { type: 'urn:problem-type:picket:bad-signature', title: expect.any(String), status: 401 },
    })
    expect([sensor.batches, sensor.nonces.size]).toEqual([[], 0])
  })

  it('is refused once it is revoked, without a secret, or where SESSION_SECRET is another or none', async () => {
    const { SESSION_SECRET: _, ...without } = bindings()
    for (const env of [without, { ...without, SESSION_SECRET: 'other' }]) {
      expect((await send(line(1), await signed(line(1)), '', env)).status).toBe(401)
    }
    await db.update(sensors).set({ revoked_at: NOW })
    now += 10_000
    expect((await send(line(1), await signed(line(1)))).status).toBe(401)
    await db.update(sensors).set({ revoked_at: null })
    await db.delete(sensorSecrets)
    expect((await send(line(1), await signed(line(1)))).status).toBe(401)
    expect(sensor.batches).toEqual([])
  })
})

describe('the whole Worker', () => {
  it('stores a batch of several formats once, though it is sent twice', async () => {
    const { default: worker } = exports as unknown as { default: { fetch(request: Request): Promise<Response> } }
    const at = new Date(Date.now() - 60_000)
    const stamp = `${at.toUTCString().slice(8, 11)} ${String(at.getUTCDate()).padStart(2)} ${at.toISOString().slice(11, 19)}`
    const body = [
      JSON.stringify({ ts: at.toISOString(), src_ip: '203.0.113.1', event_type: 'flow' }),
      `${stamp} bastion sshd[1]: Failed password for root from 203.0.113.2 port 50273 ssh2`,
      'no log line',
    ].join('\n')
    const send = async () => {
      const headers = { Authorization: `Bearer ${KEY}` }
      const answer = await worker.fetch(
        new Request('https://picket.example/v1/events', { method: 'POST', body, headers }),
      )
      return [answer.status, await answer.json()]
    }
    expect(await send()).toMatchObject([202, { accepted: 2, duplicates: 0, rejected: [{ index: 2 }] }])
    expect(await send()).toMatchObject([202, { accepted: 0, duplicates: 2, rejected: [{ index: 2 }] }])
  })
})

describe('the Sensor object', () => {
  const object = () =>
    (
      workerEnv as unknown as {
        SENSOR: { getByName(name: string): { useNonce(nonce: string, now: number): Promise<boolean> } }
      }
    ).SENSOR

  it('takes a nonce once in ten minutes, each sensor its own', async () => {
    const [one, other] = [object().getByName('nonce-1'), object().getByName('nonce-2')]
    expect(await one.useNonce('n', NOW)).toBe(true)
    expect(await one.useNonce('n', NOW + 1)).toBe(false)
    expect(await one.useNonce('m', NOW)).toBe(true)
    expect(await other.useNonce('n', NOW)).toBe(true)
    expect(await one.useNonce('n', NOW + 600_000)).toBe(false)
    expect(await one.useNonce('n', NOW + 600_001)).toBe(true)
  })
})

describe('a batch', () => {
  it('without a name is known by what it holds and its stream, however it was compressed', async () => {
    const plain = await post(line(1))
    const zipped = await post(gzipSync(line(1)), { 'Content-Encoding': 'gzip' })
    const other = await post(line(2))
    const streamed = await post(line(1), { 'X-Picket-Stream': 'a' })
    expect(plain.body.batch).toBe(await sha256Hex(line(1)))
    expect(zipped.body.batch).toBe(plain.body.batch)
    expect(other.body.batch).not.toBe(plain.body.batch)
    expect(streamed.body.batch).toBe(`${plain.body.batch}:a`)
  })

  it('is told as the Sensor object tells it', async () => {
    sensor.answer = () => ({ tag: 'accepted', accepted: 0, duplicates: 2 })
    expect((await post(`${line(1)}\n${line(2)}`)).body).toMatchObject({ accepted: 0, duplicates: 2, rejected: [] })
  })

  it('over the rate limit is answered with 429 and when to come again', async () => {
    sensor.answer = () => ({ tag: 'rate-limited', retryAfterS: 11.2 })
    const { status, headers, body } = await post(line())
    expect([status, headers.get('Retry-After'), body.type]).toEqual([429, '12', 'urn:problem-type:picket:rate-limited'])
  })

  it('is not acknowledged when its Sensor object fails, and may be sent again', async () => {
    sensor.failure = new Error('the object restarts')
    const { status, headers, body } = await post(line())
    expect([status, headers.get('Retry-After'), body.type]).toEqual([503, '2', 'urn:problem-type:picket:unavailable'])
    sensor.failure = null
    expect((await post(line())).status).toBe(202)
  })

  it('is shared out by partition, with the reasons of at most twenty refused lines', async () => {
    const lines = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? line(n) : 'nonsense'))
    const { body } = await post(lines.join('\n'))
    expect(body.accepted).toBe(50)
    expect((body.rejected as unknown[]).length).toBe(50)
    const [batch] = sensor.batches
    expect(batch).toMatchObject({ accepted: 50, rejected: 50, newestTs: Date.parse('2026-03-02T08:15:30Z') })
    expect(batch!.rejections.length).toBe(20)
    expect(batch!.rejections[0]).toMatch(/^1: a line of no known format/)
    expect(new Set(batch!.shares.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2, 3]))
  })

  it('of very long lines goes in several parts, each with a name of its own', async () => {
    const long = (n: number) => line(n, { command: 'x'.repeat(900_000) })
    const { status, body } = await post(gzipSync([1, 2, 3, 4, 5, 6].map(long).join('\n')), {
      'Content-Encoding': 'gzip',
      'Idempotency-Key': 'b',
    })
    expect([status, body.accepted]).toEqual([202, 6])
    expect(sensor.batches.map(({ id, accepted }) => [id, accepted])).toEqual([
      ['b', 4],
      ['b#1', 2],
    ])
  })

  it('is cut into the same parts each time, none lost and none over its size but a single one', () => {
    const read = (size: number) => ({ original: 'x'.repeat(size) }) as ReadEvent
    expect(
      inParts([read(3), read(3), read(9), read(1), read(4)], 5).map((part) =>
        part.map(({ original }) => original.length),
      ),
    ).toEqual([[3], [3], [9], [1, 4]])
    expect(inParts([], 5)).toEqual([])
  })
})

describe('what the request asks for', () => {
  it('is one format for all lines, when it names one', async () => {
    const { status, body } = await post(`${line(1)}\n`, {}, '?format=cowrie')
    expect(status).toBe(400)
    expect(body.detail).toBe('line 0: cowrie: it has no eventid of Cowrie')
  })

  it.each([
    ['a format that no parser has', {}, '?format=syslog', 'unknown-format'],
    ['a format that is a key of every object', {}, '?format=constructor', 'unknown-format'],
    ['a stream name of 201 characters', { 'X-Picket-Stream': 'x'.repeat(201) }, '', 'stream-name-too-long'],
    ['a batch name of 201 characters', { 'Idempotency-Key': 'x'.repeat(201) }, '', 'batch-name-too-long'],
  ])('cannot be %s', async (_, headers, query, tag) => {
    const { status, body } = await post(line(), headers, query)
    expect([status, body.type]).toEqual([400, `urn:problem-type:picket:${tag}`])
    expect(sensor.batches).toEqual([])
  })

  it('names the known formats when it names an unknown one', async () => {
    const { body } = await post(line(), {}, '?format=syslog')
    expect(body.detail).toBe('known formats are cowrie, suricata, zeek-json, zeek-tsv, sshd, access-log, canonical')
  })
})

describe('bad input', () => {
  const bytes = (...parts: (string | number[])[]) =>
    new Uint8Array(parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part)))

  it.each<[string, () => BodyInit | null, Record<string, string>, number, string]>([
    ['no body', () => null, {}, 400, 'nothing-readable'],
    ['blank lines', () => '\n \r\n\t\n', {}, 400, 'nothing-readable'],
    ['text of no format', () => 'hello', {}, 400, 'nothing-readable'],
    ['an empty array', () => '[]', {}, 400, 'nothing-readable'],
    ['a JSON value that is no object', () => '17', {}, 400, 'nothing-readable'],
    ['a line of 10 MB', () => `{"a":"${'x'.repeat(10_000_000)}"}`, {}, 400, 'nothing-readable'],
    ['over 10 MiB as sent', () => 'x'.repeat(10 * 1024 * 1024 + 1), {}, 413, 'body-too-large'],
    ['a bomb of 512 MiB', () => bomb(32), { 'Content-Encoding': 'gzip' }, 413, 'body-too-large'],
    [
      'a bomb of 100 MiB in zlib form',
      () => deflateSync(new Uint8Array(100 * 1024 * 1024)),
      { 'Content-Encoding': 'deflate' },
      413,
      'body-too-large',
    ],
    ['10,001 events in lines', () => `${line()}\n`.repeat(10_001), {}, 413, 'too-many-events'],
    ['10,001 events in an array', () => `[${`${line()},`.repeat(10_001)}{}]`, {}, 413, 'too-many-events'],
    ['100,001 blank lines', () => '\n'.repeat(100_001), {}, 413, 'too-many-events'],
    ['an encoding that Picket does not know', () => line(), { 'Content-Encoding': 'br' }, 415, 'unknown-encoding'],
    ['two encodings', () => gzipSync(gzipSync(line())), { 'Content-Encoding': 'gzip, gzip' }, 415, 'unknown-encoding'],
    ['plain text that claims to be gzip', () => line(), { 'Content-Encoding': 'gzip' }, 400, 'broken-encoding'],
    [
      'gzip that was cut',
      () => gzipSync(line()).subarray(0, 40),
      { 'Content-Encoding': 'gzip' },
      400,
      'broken-encoding',
    ],
    ['text that claims to be deflate', () => line(), { 'Content-Encoding': 'deflate' }, 400, 'broken-encoding'],
  ])('%s is refused as a whole, and nothing is stored', async (_, body, headers, status, tag) => {
    const answer = await post(body(), headers)
    expect([answer.status, answer.body.type]).toEqual([status, `urn:problem-type:picket:${tag}`])
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
    expect(sensor.batches).toEqual([])
    // And the next one is served.
    expect((await post(line())).status).toBe(202)
  })

  it.each<[string, string | number[], RegExp]>([
    ['a line of 2 MB', line(0, { command: 'x'.repeat(2_000_000) }), /^it is longer than 1048576 bytes$/],
    ['a line of 400,000 characters of three bytes', line(0, { command: '€'.repeat(400_000) }), /^it is longer/],
    [
      'JSON nested 200 deep',
      `{"a":${'['.repeat(200)}${']'.repeat(200)}}`,
      /^its JSON is nested deeper than 32 levels$/,
    ],
    [
      'JSON nested 100,000 deep',
      `{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`,
      /^its JSON is nested deeper/,
    ],
    ['a NUL byte', bytesOf(line(0, { username: 'x' }).replace('"x"', '"\0"')), /^it holds a NUL byte$/],
    ['invalid UTF-8', [...bytesOf(line()).slice(0, -1), 0xff, 0xfe, 125], /^it is not UTF-8$/],
    ['a surrogate encoded as UTF-8', [...bytesOf('{"a":"'), 0xed, 0xa0, 0x80, ...bytesOf('"}')], /^it is not UTF-8$/],
    ['a time in 1970', line(0, { ts: 15.25 }), /^event time 1970-01-01T00:00:15.250Z is before 2000/],
    [
      'a time in 2100',
      line(0, { ts: '2100-01-01T00:00:00Z' }),
      /^event time 2100-01-01T00:00:00.000Z is more than 24 hours after/,
    ],
    ['a port of 70000', line(0, { src_port: 70_000 }), /^canonical: src_port: /],
    [
      'a source that is no address',
      line(0, { src_ip: '203.0.113.300' }),
      /^canonical: src_ip: expected an IPv4 or IPv6 address$/,
    ],
    ['JSON that was cut', line().slice(0, -3), /^canonical: it is not valid JSON/],
    ['an Apache error log line', '[Sun Dec 04 04:47:44 2005] [error] mod_jk child', /^a line of no known format/],
  ])('%s costs its own line', async (_, bad, reason) => {
    const body = bytes(`${line(1)}\n`, typeof bad === 'string' ? bad : bad, `\n${line(2)}\r\n\n${line(3)}`)
    const answer = await post(body)
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ accepted: 3, rejected: [{ index: 1, reason: expect.stringMatching(reason) }] })
    expect(
      sensor
        .events()
        .map(({ original }) => original)
        .sort(),
    ).toEqual([line(1), line(2), line(3)])
  })

  it('an IPv4-mapped source is the IPv4 source', async () => {
    await post(line(0, { src_ip: '::ffff:203.0.113.9' }))
    expect(sensor.events()[0]!.event.src_ip).toBe('203.0.113.9')
  })

  it('keys that name a prototype change nothing', async () => {
    const original = `{"__proto__":{"src_ip":"198.51.100.1"},"constructor":{"x":1},${line(9).slice(1)}`
    await post(original)
    expect(sensor.events()).toEqual([
      {
        format: 'canonical',
        original,
        event: { ts: Date.parse('2026-03-02T08:15:30Z'), src_ip: '203.0.113.9', event_type: 'flow' },
      },
    ])
    expect(({} as Record<string, unknown>).src_ip).toBeUndefined()
  })
})

describe('the forms of a body', () => {
  const pretty = JSON.stringify(JSON.parse(line(1, { http: { path: '/a]},{"' } })), null, 2)

  it.each<[string, () => BodyInit, Record<string, string>, number, string[]]>([
    ['one object', () => line(1), {}, 1, [line(1)]],
    ['one object over several lines', () => `\n${pretty}\n`, {}, 1, [pretty]],
    ['several objects over several lines', () => `${pretty}\n${pretty}`, {}, 2, [pretty, pretty]],
    ['an array on one line', () => `[${line(1)},${line(2)}]`, {}, 2, [line(1), line(2)]],
    ['an array over several lines', () => `[\n  ${pretty} ,\n${line(2)}\n]\n`, {}, 2, [pretty, line(2)]],
    ['lines', () => `${line(1)}\r\n\r\n${line(2)}`, {}, 2, [line(1), line(2)]],
    ['lines after a byte order mark', () => `\ufeff${line(1)}`, {}, 1, [line(1)]],
    ['gzip', () => gzipSync(`${line(1)}\n${line(2)}\n`), { 'Content-Encoding': 'gzip' }, 2, [line(1), line(2)]],
    ['deflate', () => deflateSync(line(1)), { 'Content-Encoding': 'Deflate' }, 1, [line(1)]],
    ['deflate without zlib header', () => deflateRawSync(line(1)), { 'Content-Encoding': 'deflate' }, 1, [line(1)]],
    ['identity', () => line(1), { 'Content-Encoding': 'identity' }, 1, [line(1)]],
  ])('%s: each event with its text as it was sent', async (_, body, headers, accepted, originals) => {
    const answer = await post(body(), headers)
    expect([answer.status, answer.body.accepted, answer.body.rejected]).toEqual([202, accepted, []])
    expect(sensor.events().map(({ original }) => original)).toEqual(originals)
  })

  it('a broken element of an array costs itself', async () => {
    const answer = await post(
      `[\n${line(1)},\n{"ts":},\n{"a":"text without end},\n${line(2)},\n17,"a",null,\n${line(3)}\n]`,
    )
    expect(answer.body).toMatchObject({ accepted: 3, rejected: [1, 2, 4, 5, 6].map((index) => ({ index })) })
  })

  it('an array that was cut gives what it holds', async () => {
    const answer = await post(`[${line(1)},${line(2)},${line(3).slice(0, 20)}`)
    expect(answer.body).toMatchObject({ accepted: 2, rejected: [{ index: 2, reason: 'its JSON value does not end' }] })
  })

  it('lines whose first was cut stay lines', async () => {
    const answer = await post(`{"a":{"b":1}\n${line(1)}\n${line(2)}\n}`)
    expect(answer.body).toMatchObject({ accepted: 2, rejected: [{ index: 0 }, { index: 3 }] })
  })

  it('headers of a Zeek log are neither events nor refused', async () => {
    const fields = '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state'
    const answer = await post(`#path\tconn\n${fields}\n`)
    expect([answer.status, answer.body.accepted, answer.body.rejected]).toEqual([202, 0, []])
    expect(sensor.batches).toEqual([])
  })

  it('10,000 events go in one batch', async () => {
    const answer = await post(`${line()}\n`.repeat(10_000))
    expect([answer.status, answer.body.accepted, sensor.batches.length]).toEqual([202, 10_000, 1])
  })
})

/** Gzip of `members` times 16 MiB of zeros, in as many members (RFC 1952, 2.2). */
function bomb(members: number): Uint8Array<ArrayBuffer> {
  const member = gzipSync(new Uint8Array(16 * 1024 * 1024))
  const whole = new Uint8Array(member.length * members)
  for (let n = 0; n < members; n++) whole.set(member, n * member.length)
  return whole
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)]
}
