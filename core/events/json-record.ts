import { err, ok, type Result } from '../result.ts'

/** A parsed JSON object whose values are still unknown. */
export type JsonRecord = Record<string, unknown>

/** The JSON object that a line holds, or why it holds none. */
export function parseRecord(line: string): Result<JsonRecord, string> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    return err(`it is not valid JSON: ${cause instanceof Error ? cause.message.slice(0, 120) : 'unknown cause'}`)
  }
  return isRecord(value) ? ok(value) : err('its JSON value is not an object')
}

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object under a key, or an empty one: for reading on without asking at each level. */
export const recordAt = (record: JsonRecord, key: string): JsonRecord => {
  const value = record[key]
  return isRecord(value) ? value : NOTHING
}
const NOTHING: JsonRecord = Object.freeze(Object.create(null))

export const textAt = (record: JsonRecord, key: string): string | undefined => {
  const value = record[key]
  return typeof value === 'string' ? value : undefined
}

export const numberAt = (record: JsonRecord, key: string): number | undefined => {
  const value = record[key]
  return typeof value === 'number' ? value : undefined
}
