import type { z } from 'zod'
import { canonicalAddress } from '../../../core/events/address.ts'
import type { LookUpFailure } from '../../../core/intel/live/look-up.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { EpochMs } from '../../../core/time.ts'
import { boundedText } from '../../bounded-text.ts'

/** What every adapter is made from. */
export interface LiveAccess {
  key: string
  /** With or without the path that the service's documents put before every call; no slash at its end. */
  baseUrl: string
  timeoutMs: number
  fetch: typeof fetch
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
const MOST_WHY = 200

/**
 * Asks once and reads the answer; null: the service does not know the address. No retry, and no redirect is followed:
 * it would carry the key elsewhere.
 */
export async function ask<Body>(
  { fetch, timeoutMs, key }: LiveAccess,
  { url, headers, form, notSeenForm, address, addressIn }: Question<Body>,
  now: EpochMs,
): Promise<Result<Body | null, LookUpFailure>> {
  const hidden = (text: string) => text.replaceAll(key, '…').slice(0, MOST_WHY)
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), timeoutMs)
  try {
    const response = await fetch(url, {
      headers: { ...headers, Accept: 'application/json' },
      redirect: 'manual',
      signal: patience.signal,
    })
    if (response.status === 200) {
      const answer = await readAs(response, form, hidden)
      if (!answer.ok || canonicalAddress(addressIn(answer.value)) === address) return answer
      return err({ tag: 'wrong-form', why: 'about another address than the one that was asked about' })
    }
    if (response.status === 404 && notSeenForm) {
      const notSeen = await readAs(response, notSeenForm, hidden)
      return notSeen.ok ? ok(null) : notSeen
    }
    await response.body?.cancel()
    return err(refusalOf(response, now))
  } catch (error) {
    if (patience.signal.aborted) return err({ tag: 'timed-out', why: `no answer in ${timeoutMs} ms` })
    return err({ tag: 'not-reached', why: hidden(messageOf(error)) })
  } finally {
    clearTimeout(timer)
  }
}

async function readAs<Body>(
  response: Response,
  form: z.ZodType<Body>,
  hidden: (text: string) => string,
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
    const start = JSON.stringify(hidden(text.slice(0, 40)))
    return err({ tag: 'unreadable-answer', why: `no JSON (status ${response.status}); it begins with ${start}` })
  }
  const read = form.safeParse(json)
  if (read.success) return ok(read.data)
  const issue = read.error.issues[0]
  return err({ tag: 'wrong-form', why: hidden(`${issue?.path.join('.') || 'answer'}: ${issue?.message ?? 'wrong'}`) })
}

function refusalOf({ status, headers }: Response, now: EpochMs): LookUpFailure {
  const why = `status ${status}`
  if (status === 401 || status === 403) return { tag: 'key-refused', status, why }
  if (status === 429) {
    const retryAfterMs = retryAfter(headers.get('Retry-After'), now)
    return {
      tag: 'too-many-requests',
      retryAfterMs,
      why:
        retryAfterMs === null ? `${why}, without a time to wait` : `${why}, wait ${Math.ceil(retryAfterMs / 1000)} s`,
    }
  }
  return status >= 500 ? { tag: 'server-error', status, why } : { tag: 'unexpected-status', status, why }
}

/** Retry-After (RFC 9110, 10.2.3): seconds or a date; milliseconds from now, null when absent or neither. */
export function retryAfter(header: string | null, now: EpochMs): number | null {
  const text = header?.trim() ?? ''
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  // Date.parse alone would read "5" and "tomorrow 2026" too.
  const date = /^[A-Z][a-z]{2,8}, .*GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
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
