import type { z } from 'zod'
import { err, ok, type Result } from '../../core/result.ts'
import type { EpochMs } from '../../core/time.ts'
import { boundedText } from '../bounded-text.ts'
import { retryAfter } from '../intel/live/ask.ts'
import type { CallFailure } from './model-verifier.ts'

/** How a provider's HTTP API is reached. */
export interface HttpAccess {
  key: string
  baseUrl: string
  model: string
  timeoutMs: number
  fetch: typeof fetch
}

/** An opinion has some kilobytes. More than this is no answer. */
const MOST_BYTES = 1024 * 1024
const MOST_WHY = 200

/** Posts once and reads the answer in the given form. No redirect is followed: it would carry the key elsewhere. */
export async function postJson<Body>(
  { key, timeoutMs, fetch }: HttpAccess,
  url: string,
  { headers, body, form }: { headers: Record<string, string>; body: unknown; form: z.ZodType<Body> },
  now: EpochMs,
): Promise<Result<Body, CallFailure>> {
  const hidden = (text: string) => text.replaceAll(key, '…').slice(0, MOST_WHY)
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: patience.signal,
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      return err(refusalOf(response, now))
    }
    const text = await boundedText(response, MOST_BYTES)
    if (text === null) return unreadable('the answer is longer than 1 MB')
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      return unreadable(text === '' ? 'the answer is empty' : 'the answer is no JSON')
    }
    const read = form.safeParse(json)
    if (read.success) return ok(read.data)
    const issue = read.error.issues[0]
    return err({
      tag: 'wrong-form',
      why: hidden(`${issue?.path.join('.') || 'answer'}: ${issue?.message ?? 'wrong'}`),
      retryAfterMs: null,
      answer: text,
    })
  } catch (error) {
    if (patience.signal.aborted)
      return err({ tag: 'timed-out', why: `no answer in ${timeoutMs} ms`, retryAfterMs: null })
    const why = error instanceof Error ? error.message : String(error)
    return err({ tag: 'not-reached', why: hidden(why), retryAfterMs: null })
  } finally {
    clearTimeout(timer)
  }
}

const unreadable = (why: string) => err({ tag: 'unreadable-answer' as const, why, retryAfterMs: null })

function refusalOf({ status, headers }: Response, now: EpochMs): CallFailure {
  const why = `status ${status}`
  if (status === 401 || status === 403) return { tag: 'key-refused', why, retryAfterMs: null }
  if (status === 429)
    return { tag: 'too-many-requests', why, retryAfterMs: retryAfter(headers.get('Retry-After'), now) }
  return { tag: status >= 500 ? 'server-error' : 'unexpected-status', why, retryAfterMs: null }
}
