import { z } from 'zod'
import { err, ok, type Result } from '../../result.ts'

export interface UpstashSettings {
  /** Of the database's REST API. */
  url: string
  token: string
}

/** Settings as a Worker's environment has them; '' is as good as absent. */
export interface StoreEnvironment {
  UPSTASH_REDIS_REST_URL?: string
  UPSTASH_REDIS_REST_TOKEN?: string
  /** Vectors that a partition stores a second, at most: 0 to 1,000. */
  FEATURE_STORE_WRITES?: string
}

const Url = z.url({ protocol: /^https?$/ })
const Token = z.string().regex(/^[\x21-\x7e]+$/)

/** The Redis to use, or null for the embedded store; a bad setting is named, never passed over. */
export function storeSettings(environment: StoreEnvironment): Result<UpstashSettings | null, string> {
  if (!Number.isFinite(writesASecond(environment))) return err('FEATURE_STORE_WRITES is no number from 0 to 1000')
  const { UPSTASH_REDIS_REST_URL: url = '', UPSTASH_REDIS_REST_TOKEN: token = '' } = environment
  if (url === '' && token === '') return ok(null)
  if (url === '') return err('UPSTASH_REDIS_REST_TOKEN is set and UPSTASH_REDIS_REST_URL is not')
  if (token === '') return err('UPSTASH_REDIS_REST_URL is set and UPSTASH_REDIS_REST_TOKEN is not')
  if (!Url.safeParse(url).success) return err('UPSTASH_REDIS_REST_URL is no http or https address')
  if (!Token.safeParse(token).success) return err('UPSTASH_REDIS_REST_TOKEN holds a space or control character')
  return ok({ url, token })
}

/** One request a second with as many vectors: 64 KB, and some 3 ms of work. */
const WRITES_A_SECOND = 64

/** NaN for a setting that is wrong, which `storeSettings` refuses. */
export function writesASecond({ FEATURE_STORE_WRITES: text = '' }: StoreEnvironment): number {
  if (text === '') return WRITES_A_SECOND
  return /^\d{1,4}$/.test(text) && Number(text) <= 1_000 ? Number(text) : Number.NaN
}
