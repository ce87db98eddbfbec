import { type Context, Hono } from 'hono'
import { databaseOf } from '../../adapters/d1/database.ts'
import { D1SensorKeys } from '../../adapters/d1/sensor-keys.ts'
import { type BatchAnswer, packBatch, type SensorBatch } from '../../core/events/batch.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import { FORMAT_NAMES, isFormatName } from '../../core/events/formats.ts'
import type { SensorKeys } from '../../core/events/sensor.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Clock, EpochMs } from '../../core/time.ts'
import { type DecodedBody, decodeBody } from '../ingest/decode-body.ts'
import { sha256HexOf } from '../ingest/digest.ts'
import { LIMITS } from '../ingest/limits.ts'
import { inParts } from '../ingest/parts.ts'
import { readWire } from '../ingest/read-body.ts'
import { readLines } from '../ingest/read-lines.ts'
import { type SenderParts, senderOf } from '../ingest/sender.ts'
import { problem, type Refusal } from '../problem.ts'

/** What the route asks of a Sensor object; see durable-objects/sensor.ts. */
interface SensorIngest {
  ingest(batch: SensorBatch): Promise<BatchAnswer>
  useNonce(nonce: string, now: EpochMs): Promise<boolean>
}

export interface IngestBindings {
  DB: D1Database
  SENSOR: { getByName(sensor: string): SensorIngest }
  /** How many partitions share all sources; a whole number of 1 or more. */
  PARTITIONS: string
  /** Seals the secrets of sensors that sign; without it they cannot. */
  SESSION_SECRET?: string
}

interface IngestEnv {
  Bindings: IngestBindings
}

/** Longest name of a batch or stream that a sender may give. */
const MAX_NAME = 200

/**
 * `POST /v1/events` (contract, "Ingest"): a sensor's logs become events, which its Sensor object has stored when the
 * answer is 202. Whatever is refused as a whole (4xx) leaves nothing behind.
 */
export function ingest(clock: Clock): Hono<IngestEnv> {
  // One for the isolate: what it remembers of keys outlives a request.
  let keys: SensorKeys | null = null
  const routes = new Hono<IngestEnv>()
  routes.post('/v1/events', async (c) => {
    const receivedAt = clock()
    keys ??= new D1SensorKeys(databaseOf(c.env.DB), clock)
    const sender = await senderOf(c, partsOf(c.env, keys), receivedAt)
    if (!sender.ok) return problem(c, sender.error)
    const asked = askedOf(c)
    if (!asked.ok) return problem(c, asked.error)
    const wire = await readWire(c.req.raw, LIMITS)
    if (!wire.ok) return problem(c, wire.error)
    const confirmed = await sender.value.confirm(wire.value)
    if (!confirmed.ok) return problem(c, confirmed.error)
    const body = decodeBody(wire.value, c.req.header('Content-Encoding') ?? '', LIMITS)
    if (!body.ok) return problem(c, body.error)

    const { sensor } = sender.value
    const { reads, rejected } = readLines(body.value.lines, sensor, receivedAt, asked.value.format)
    rejected.push(...body.value.rejected)
    rejected.sort((one, other) => one.index - other.index)
    const id = asked.value.batch ?? (await nameOf(body.value, asked.value.stream))
    if (reads.length === 0) return nothingAccepted(c, body.value, rejected, id)

    const stored = await store(c.env, sensor.id, reads, {
      id,
      stream: asked.value.stream,
      receivedAt,
      rejected: rejected.length,
      rejections: rejected.slice(0, 20).map(({ index, reason }) => `${index}: ${reason}`),
    })
    return stored.ok ? c.json({ ...stored.value, rejected, batch: id }, 202) : problem(c, stored.error)
  })
  // An object that restarts, a database that does not answer: not acknowledged, so the sensor keeps its batch.
  routes.onError((error, c) => {
    console.error(JSON.stringify({ route: 'ingest', error: String(error) }))
    return problem(c, { tag: 'unavailable', detail: 'the batch is not acknowledged; send it again', retryAfterS: 2 })
  })
  return routes
}

const partsOf = ({ SENSOR, SESSION_SECRET }: IngestBindings, keys: SensorKeys): SenderParts => ({
  keys,
  sessionSecret: SESSION_SECRET,
  useNonce: (sensor, nonce, now) => SENSOR.getByName(sensor).useNonce(nonce, now),
})

type Named = Pick<SensorBatch, 'id' | 'stream' | 'receivedAt' | 'rejected' | 'rejections'>

/**
 * Hands the events to their Sensor object. Parts of a large batch have names of their own: when a later one meets the
 * rate limit, the batch sent again finds the earlier ones known.
 */
async function store(
  env: IngestBindings,
  sensor: string,
  reads: ReadEvent[],
  named: Named,
): Promise<Result<{ accepted: number; duplicates: number }, Refusal>> {
  const object = env.SENSOR.getByName(sensor)
  const partitions = partitionsOf(env)
  const total = { accepted: 0, duplicates: 0 }
  for (const [n, part] of inParts(reads).entries()) {
    const name = n === 0 ? named : { ...named, id: `${named.id}#${n}`, rejected: 0, rejections: [] }
    const answer = await object.ingest(packBatch(part, name, partitions))
    if (answer.tag === 'rate-limited') return err({ tag: 'rate-limited', retryAfterS: answer.retryAfterS })
    total.accepted += answer.accepted
    total.duplicates += answer.duplicates
  }
  return ok(total)
}

function partitionsOf({ PARTITIONS }: IngestBindings): number {
  const partitions = Number(PARTITIONS)
  if (!Number.isInteger(partitions) || partitions < 1)
    throw new Error(`PARTITIONS is ${PARTITIONS}, not a whole number of 1 or more`)
  return partitions
}

type Rejected = { index: number; reason: string }[]

/** A body of headers and bookkeeping lines is in order, though it holds no event; one that says nothing is refused. */
function nothingAccepted(c: Context, { lines }: DecodedBody, rejected: Rejected, batch: string): Response {
  if (rejected.length === 0 && lines.length > 0) return c.json({ accepted: 0, duplicates: 0, rejected, batch }, 202)
  const detail = rejected.length === 0 ? 'the body is empty' : `line ${rejected[0]!.index}: ${rejected[0]!.reason}`
  return problem(c, { tag: 'nothing-readable', detail, more: { rejected } })
}

interface Asked {
  batch: string | undefined
  stream: string
  format: (typeof FORMAT_NAMES)[number] | undefined
}

/** What headers and query ask for beside the events. */
function askedOf(c: Context): Result<Asked, Refusal> {
  const batch = c.req.header('Idempotency-Key') || undefined
  const stream = c.req.header('X-Picket-Stream') ?? ''
  const format = c.req.query('format') || undefined
  if (batch !== undefined && batch.length > MAX_NAME) return err({ tag: 'batch-name-too-long' })
  if (stream.length > MAX_NAME) return err({ tag: 'stream-name-too-long' })
  if (format !== undefined && !isFormatName(format)) {
    return err({ tag: 'unknown-format', detail: `known formats are ${FORMAT_NAMES.join(', ')}` })
  }
  return ok({ batch, stream, format })
}

/** Names a batch by what it holds, however it was compressed: sent again, it has the same name. */
async function nameOf({ bytes }: DecodedBody, stream: string): Promise<string> {
  const hex = await sha256HexOf(bytes)
  return stream === '' ? hex : `${hex}:${stream}`
}
