import type { PackEvent } from '../../core/council/evidence-pack.ts'
import { OPINION_SCHEMA } from '../../core/council/opinion-schema.ts'
import type { Verdict } from '../../core/council/verifier.ts'
import type { CanonicalEvent } from '../../core/events/event.ts'

/** Events and answers for tests of the council. All of it is the fixture's own. */

export const COUNCIL_TS = Date.UTC(2026, 10, 24, 7)

/** Failed log-ins from one source, a second apart, with a success at the end. */
export const logIns = (count: number, over: Partial<CanonicalEvent> = {}): PackEvent[] =>
  Array.from({ length: count }, (_, i): PackEvent => {
    const isLast = i === count - 1
    const event: CanonicalEvent = {
      ts: COUNCIL_TS + i * 1_000,
      src_ip: '45.33.32.156',
      src_port: 40_000 + i,
      dst_ip: '10.0.0.5',
      dst_port: 22,
      event_type: isLast ? 'ssh.login.success' : 'ssh.login.failed',
      service: 'ssh',
      username: i % 2 ? 'root' : 'oracle',
      password: `Winter-${i}`,
      ...over,
    }
    const original = `Nov 24 07:00:${String(i % 60).padStart(2, '0')} bastion sshd[99]: Failed password for ${event.username} from 45.33.32.156 port ${event.src_port} ssh2`
    return { n: i + 1, ts: event.ts, sensor: 'gateway', format: 'sshd', event, original, matched: ['username'] }
  })

export interface ScriptedOpinion {
  reasoning?: string
  verdict?: Verdict | null
  threat_class?: number | null
  confidence?: number
  citations?: { evidence: number; says: string; facts: { field: string; value: string }[] }[]
  actions?: { action: string; why: string; rollback: string }[]
  more_events?: { event_type: string | null; from: string | null; to: string | null } | null
}

/** An answer in the form that verifiers are made to answer in; by default a threat that cites E1. */
export const opinionJson = (over: ScriptedOpinion = {}): string => {
  const opinion = {
    reasoning: 'Many names are tried in a row (E1).',
    verdict: 'THREAT',
    threat_class: null,
    confidence: 0.8,
    citations: [{ evidence: 1, says: 'a failed log-in', facts: [{ field: 'dst_port', value: '22' }] }],
    actions: [],
    more_events: null,
    ...over,
  }
  for (const name of OPINION_SCHEMA.required) if (!(name in opinion)) throw new Error(`the fixture lacks ${name}`)
  return JSON.stringify(opinion)
}

/** Gemini's documented answer around a text. */
export const geminiAnswer = (text: string, over: Record<string, unknown> = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 100, thoughtsTokenCount: 50, totalTokenCount: 1_150 },
  modelVersion: 'gemini-2.5-flash',
  responseId: 'r1',
  ...over,
})

/** OpenAI's and xAI's documented answer around a text. */
export const chatAnswer = (text: string, over: Record<string, unknown> = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'gpt-4.1-mini-2025-04-14',
  choices: [
    { index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 2_000, completion_tokens: 200, total_tokens: 2_200 },
  ...over,
})
