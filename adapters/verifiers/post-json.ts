import type { z } from 'zod'
import { err, ok, type Result } from '../../core/result.ts'
import type { EpochMs } from '../../core/time.ts'
import { boundedText } from '../http/bounded-text.ts'
import { exchange, formFault, type HttpAccess, statusFailure } from '../http/exchange.ts'
import type { CallFailure } from './model-verifier.ts'

/** How a provider's model is reached. */
export interface ModelAccess extends HttpAccess {
  baseUrl: string
  model: string
}

/** An opinion has some kilobytes. More than this is no answer. */
const MOST_BYTES = 1024 * 1024

/** Posts once and reads the answer in the given form. */
export async function postJson<Body>(
  access: HttpAccess,
  url: string,
  { headers, body, form }: { headers: Record<string, string>; body: unknown; form: z.ZodType<Body> },
  now: EpochMs,
): Promise<Result<Body, CallFailure>> {
  const request = {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body),
  }
  const answer = await exchange(access, url, request, async (response): Promise<Result<Body, CallFailure>> => {
    if (response.status !== 200) {
      await response.body?.cancel()
      return err({ retryAfterMs: null, ...statusFailure(response, now) })
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
    return err({ tag: 'wrong-form', why: formFault(read.error, access.key), retryAfterMs: null, answer: text })
  })
  return answer.ok ? answer : err({ retryAfterMs: null, ...answer.error })
}

const unreadable = (why: string) => err({ tag: 'unreadable-answer' as const, why, retryAfterMs: null })
