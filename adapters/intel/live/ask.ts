import type { z } from 'zod'
import { canonicalAddress } from '../../../core/events/address.ts'
import type { LookUpFailure } from '../../../core/intel/live/look-up.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { EpochMs } from '../../../core/time.ts'
import { boundedText } from '../../http/bounded-text.ts'
import { exchange, formFault, type HttpAccess, statusFailure, withoutKey } from '../../http/exchange.ts'

/** What every adapter is made from. */
export interface LiveAccess extends HttpAccess {
  /** With or without the path that the service's documents put before every call; no slash at its end. */
  baseUrl: string
}

export interface Question<Body> {
  url: string
  headers: Record<string, string>
  /** The form of the answer with status 200. */
  form: z.ZodType<Body>
  /** The form of a 404 that the service's documents explain as "not known"; null: they know no such thing. */
  notSeenForm: z.ZodType | null
  /** Who was asked about, and whom the answer says it is about: an answer about somebody else is none. */
  address: string
  addressIn: (body: Body) => string
}

/** OTX sends whole pulses with an address: some hundred kilobytes. More than this is not an answer but an attack. */
const MOST_BYTES = 4 * 1024 * 1024

/** Asks once and reads the answer; null: the service does not know the address. */
export function ask<Body>(
  access: LiveAccess,
  { url, headers, form, notSeenForm, address, addressIn }: Question<Body>,
  now: EpochMs,
): Promise<Result<Body | null, LookUpFailure>> {
  const request = { headers: { ...headers, Accept: 'application/json' } }
  return exchange(access, url, request, async (response): Promise<Result<Body | null, LookUpFailure>> => {
    if (response.status === 200) {
      const answer = await readAs(response, form, access.key)
      if (!answer.ok || canonicalAddress(addressIn(answer.value)) === address) return answer
      return err({ tag: 'wrong-form', why: 'about another address than the one that was asked about' })
    }
    if (response.status === 404 && notSeenForm) {
      const notSeen = await readAs(response, notSeenForm, access.key)
      return notSeen.ok ? ok(null) : notSeen
    }
    await response.body?.cancel()
    return err(refusalOf(response, now))
  })
}

async function readAs<Body>(
  response: Response,
  form: z.ZodType<Body>,
  key: string,
): Promise<Result<Body, LookUpFailure>> {
  const text = await boundedText(response, MOST_BYTES)
  if (text === null)
    return err({
      tag: 'unreadable-answer',
      why: `longer than ${MOST_BYTES / 1024 / 1024} MB (status ${response.status})`,
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    const start = JSON.stringify(withoutKey(text.slice(0, 40), key))
    return err({ tag: 'unreadable-answer', why: `no JSON (status ${response.status}); it begins with ${start}` })
  }
  const read = form.safeParse(json)
  return read.success ? ok(read.data) : err({ tag: 'wrong-form', why: formFault(read.error, key) })
}

function refusalOf(response: Response, now: EpochMs): LookUpFailure {
  const failure = statusFailure(response, now)
  if (failure.tag !== 'too-many-requests') return failure
  const { retryAfterMs, why } = failure
  const wait = retryAfterMs === null ? 'without a time to wait' : `wait ${Math.ceil(retryAfterMs / 1000)} s`
  return { ...failure, why: `${why}, ${wait}` }
}

/** `baseUrl` with the services's own prefix, which a base URL may already end with. */
export function endpoint(baseUrl: string, prefix: string, path: string): string {
  return `${baseUrl.endsWith(prefix) ? baseUrl : `${baseUrl}${prefix}`}${path}`
}

/** When the service last had a report; a time that lies ahead of the answer cannot be one. */
export const reportedAt = (text: string | null | undefined, now: EpochMs): EpochMs => {
  const at = text ? Date.parse(/^\d{4}-\d{2}-\d{2}T[\d:.]+$/.test(text) ? `${text}Z` : text) : Number.NaN
  return at <= now ? at : now
}

/** Text of the service for people, bounded. */
export const detailOf = (parts: readonly (string | null | undefined | false)[]): string =>
  parts
    .filter((part) => typeof part === 'string' && part !== '')
    .join('; ')
    .slice(0, 200)
