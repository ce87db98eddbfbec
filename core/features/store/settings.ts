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
}

const Url = z.url({ protocol: /^https?$/ })
const Token = z.string().regex(/^[\x21-\x7e]+$/)

/** The Redis to use, or null for the embedded store; a bad setting is named, never passed over. */
export function storeSettings(environment: StoreEnvironment): Result<UpstashSettings | null, string> {
  const { UPSTASH_REDIS_REST_URL: url = '', UPSTASH_REDIS_REST_TOKEN: token = '' } = environment
  if (url === '' && token === '') return ok(null)
  if (url === '') return err('UPSTASH_REDIS_REST_TOKEN is set and UPSTASH_REDIS_REST_URL is not')
  if (token === '') return err('UPSTASH_REDIS_REST_URL is set and UPSTASH_REDIS_REST_TOKEN is not')
  if (!Url.safeParse(url).success) return err('UPSTASH_REDIS_REST_URL is no http or https address')
  if (!Token.safeParse(token).success) return err('UPSTASH_REDIS_REST_TOKEN holds a space or control character')
  return ok({ url, token })
}
