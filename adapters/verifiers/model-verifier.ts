import { opinionFrom } from '../../core/council/opinion-schema.ts'
import { type Prompt, sentText } from '../../core/council/prompt.ts'
import type { Usage, Verifier, VerifierFailure, VerifierName, VerifierReply } from '../../core/council/verifier.ts'
import { ROLES_OF_VERIFIERS } from '../../core/council/verifier.ts'
import { costOfTokens } from '../../core/council/verifiers.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { TokenPrice } from '../../core/settings.ts'

/** A failure of one call, before what all calls took is added. */
export type CallFailure = Pick<VerifierFailure, 'tag' | 'why' | 'retryAfterMs'> & {
  tokens?: Tokens
  /** What came all the same, for audit. */
  answer?: string
}

export interface Tokens {
  input: number
  output: number
}

/** What one call gave: the model's text, by the provider's own count of tokens. */
export interface CallAnswer {
  text: string
  model: string
  tokens: Tokens
}

/** How a model is called once; never throws for what the outside does. */
export type CallModel = (prompt: Prompt, now: number) => Promise<Result<CallAnswer, CallFailure>>

export interface ModelParts {
  name: VerifierName
  model: string
  price: TokenPrice | null
  call: CallModel
  /** 0..1, spreads retries. */
  random: () => number
  sleep: (ms: number) => Promise<void>
}

/** Calls for one answer: one and two retries. */
export const MOST_CALLS = 3
/** Tokens that an answer may take; providers are told. Answers are short, and some models think first. */
export const MOST_OUTPUT_TOKENS = 4_096
const FIRST_WAIT_MS = 500
/** Longer than this nobody waits within a case: the next candidate answers. */
const LONGEST_WAIT_MS = 5_000
/** Kept for audit. */
const MOST_ANSWER = 20_000

/** These pass by themselves; everything else is the same the next time. */
const MAY_PASS = new Set<VerifierFailure['tag']>(['timed-out', 'not-reached', 'server-error', 'too-many-requests'])

/** A verifier made from one way to call a model: retries, reading of the answer, accounting. */
export function modelVerifier({ name, model, price, call, random, sleep }: ModelParts): Verifier {
  return {
    name,
    roles: ROLES_OF_VERIFIERS,
    isRemote: true,
    async ask({ prompt }, now): Promise<Result<VerifierReply, VerifierFailure>> {
      if (prompt === null) throw new Error(`${name} was asked without a prompt`)
      const sent = sentText(prompt)
      const spent: Tokens = { input: 0, output: 0 }
      const usage = (): Usage => ({
        inputTokens: spent.input,
        outputTokens: spent.output,
        costUsd: costOfTokens(price, spent.input, spent.output),
      })
      for (let calls = 1; ; calls++) {
        const called = await call(prompt, now)
        add(spent, called.ok ? called.value.tokens : called.error.tokens)
        if (!called.ok) {
          const { tokens: _, answer = '', ...failure } = called.error
          // Nobody says what a call cost that had no answer; it may have been paid whole.
          if (failure.tag === 'timed-out') add(spent, { input: prompt.tokens, output: MOST_OUTPUT_TOKENS })
          const waitMs = failure.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (calls - 1) * (0.5 + random())
          if (calls < MOST_CALLS && MAY_PASS.has(failure.tag) && waitMs <= LONGEST_WAIT_MS) {
            await sleep(waitMs)
            continue
          }
          return err({ ...failure, usage: usage(), prompt: sent, answer: answer.slice(0, MOST_ANSWER), calls })
        }
        const answer = called.value.text.slice(0, MOST_ANSWER)
        const read = readOpinion(called.value.text)
        if (!read.ok) return err({ ...read.error, retryAfterMs: null, usage: usage(), prompt: sent, answer, calls })
        return ok({
          opinion: read.value,
          model: called.value.model || model,
          usage: usage(),
          prompt: sent,
          answer,
          calls,
        })
      }
    },
  }
}

function readOpinion(text: string): Result<VerifierReply['opinion'], Pick<VerifierFailure, 'tag' | 'why'>> {
  if (text.trim() === '') return err({ tag: 'unreadable-answer', why: 'the answer is empty' })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return err({ tag: 'unreadable-answer', why: 'the answer is no JSON, or was cut' })
  }
  const read = opinionFrom(json)
  return read.ok ? read : err({ tag: 'wrong-form', why: `the answer has another form: ${read.error}` })
}

function add(spent: Tokens, more: Tokens | undefined): void {
  spent.input += more?.input ?? 0
  spent.output += more?.output ?? 0
}
