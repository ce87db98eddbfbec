import { err, ok, type Result } from '../../result.ts'
import { readSettings } from '../../settings.ts'

export interface UpstashSettings {
  /** Of the database's REST API. */
  url: string
  token: string
}

const NAMES = ['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN', 'FEATURE_STORE_WRITES'] as const

/** Settings as a Worker's environment has them; '' is as good as absent. */
export type StoreEnvironment = Partial<Record<(typeof NAMES)[number], string>>

export interface StoreSettings {
  /** The Redis to use; null for the embedded store. */
  upstash: UpstashSettings | null
  /** Vectors that a partition stores a second, at most. */
  writesASecond: number
}

/** A bad setting, or half of a pair, is named: the embedded store in place of the Redis that was meant would hide it. */
export function storeSettings(environment: StoreEnvironment): Result<StoreSettings, string> {
  const given = Object.fromEntries(NAMES.map((name) => [name, environment[name]]))
  const { values, faults } = readSettings(given)
  if (faults.length > 0) return err(faults.map(({ name, why }) => `${name} ${why}`).join('; '))
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token, FEATURE_STORE_WRITES: writesASecond } = values
  if (url !== null && token === null) return err('UPSTASH_REDIS_REST_URL is set and UPSTASH_REDIS_REST_TOKEN is not')
  if (url === null && token !== null) return err('UPSTASH_REDIS_REST_TOKEN is set and UPSTASH_REDIS_REST_URL is not')
  return ok({ upstash: url === null || token === null ? null : { url, token }, writesASecond })
}
