import { z } from 'zod'
import { FEATURE_COUNT, SCHEMA_HASH } from '../schema.ts'
import type { Found, VectorEntry, Wanted } from './port.ts'

/** Of the key and the value's form; both change together. */
const VERSION = 'v1'

export const storeKey = (address: string): string => `features:ip:${address}:${VERSION}`

/** What every version of the value has had: enough to tell another version's value from nonsense. */
const Envelope = z.object({ version: z.string(), schema_hash: z.string(), cursor: z.string() })

const Value = Envelope.extend({
  features: z.array(z.number().nullable()).length(FEATURE_COUNT),
  timestamp: z.iso.datetime(),
})

/** A vector as JSON, about 1 KB: each number with as few digits as give it back, null where absent. */
export function packValue({ row, cursor, at }: VectorEntry): string {
  let features = ''
  for (let i = 0; i < row.length; i++) features += i === 0 ? digits(row[i]!) : `,${digits(row[i]!)}`
  const timestamp = new Date(at).toISOString()
  return `{"features":[${features}],"timestamp":"${timestamp}","version":"${VERSION}","schema_hash":"${SCHEMA_HASH}","cursor":${JSON.stringify(cursor)}}`
}

/** Reads what a store holds for a wanted vector. Only a whole vector of the present schema and cursor is a hit. */
export function readValue(text: string | null, { address, cursor }: Wanted): Found {
  if (text === null) return { tag: 'miss' }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { tag: 'error', why: 'the value is not JSON' }
  }
  const envelope = Envelope.safeParse(json)
  if (!envelope.success) return { tag: 'error', why: 'the value lacks version, schema or cursor' }
  const { version, schema_hash } = envelope.data
  if (version !== VERSION) return { tag: 'stale', why: `the value is of version ${version.slice(0, 16)}` }
  if (schema_hash !== SCHEMA_HASH) return { tag: 'stale', why: `the schema is ${schema_hash.slice(0, 16)}` }
  const value = Value.safeParse(json)
  if (!value.success) return { tag: 'error', why: whyNot(json) }
  if (value.data.cursor !== cursor) return { tag: 'stale', why: 'the window has moved on' }
  const row = Float32Array.from(value.data.features, (feature) => feature ?? Number.NaN)
  if (row.some((feature) => Math.abs(feature) === Number.POSITIVE_INFINITY))
    return { tag: 'error', why: 'a feature is too large for its type' }
  return { tag: 'hit', entry: { address, row, cursor, at: Date.parse(value.data.timestamp) } }
}

/**
 * Few digits that give a 32-bit number back; null for what is absent, as JSON knows neither NaN nor infinity. Rounding to
 * seven places by multiplication takes a quarter of the time of toPrecision; where it does not hit, nine digits do.
 */
function digits(feature: number): string {
  if (!Number.isFinite(feature)) return 'null'
  if (Number.isInteger(feature)) return String(feature)
  const size = Math.abs(feature)
  const scale = size < 0.1 ? 1e8 : size < 1 ? 1e7 : size < 10 ? 1e6 : size < 100 ? 1e5 : size < 1_000 ? 1e4 : 1e2
  const rounded = Math.round(feature * scale) / scale
  return String(Math.fround(rounded) === feature ? rounded : Number(feature.toPrecision(9)))
}

function whyNot(json: unknown): string {
  const features = (json as { features?: unknown }).features
  if (Array.isArray(features) && features.length !== FEATURE_COUNT)
    return `the vector has ${features.length} features, not ${FEATURE_COUNT}`
  return 'the value is not a vector of numbers with its time'
}
