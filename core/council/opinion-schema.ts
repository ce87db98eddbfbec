import { z } from 'zod'
import { CLASS_COUNT, type ClassId } from '../taxonomy.ts'
import { type Opinion, VERDICTS } from './verifier.ts'

/** Bounds of an answer: what is longer is cut, for people read it. */
const MOST_REASONING = 4_000
const MOST_CITATIONS = 24
const MOST_FACTS = 8
const MOST_ACTIONS = 12
const MOST_TEXT = 600

/**
 * What verifiers are made to answer, in the subset of JSON Schema that all of them accept (every property required, no
 * others, no bounds; absent is null).
 */
export const OPINION_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['reasoning', 'verdict', 'threat_class', 'confidence', 'citations', 'actions', 'more_events'],
  properties: {
    reasoning: { type: 'string', description: 'Short, for a security analyst. Name events as E1, E2.' },
    verdict: { type: ['string', 'null'], enum: [...VERDICTS, null] },
    threat_class: { type: ['integer', 'null'], description: 'Class id 0-6 that is right; null leaves the given one.' },
    confidence: { type: 'number', description: '0 to 1, that the verdict is right.' },
    citations: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['evidence', 'says', 'facts'],
        properties: {
          evidence: { type: 'integer', description: 'The n of En.' },
          says: { type: 'string' },
          facts: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['field', 'value'],
              properties: {
                field: { type: 'string', description: 'A field of that event as it is written there, or count.' },
                value: { type: 'string' },
              },
            },
          },
        },
      },
    },
    actions: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['action', 'why', 'rollback'],
        properties: { action: { type: 'string' }, why: { type: 'string' }, rollback: { type: 'string' } },
      },
    },
    more_events: {
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['event_type', 'from', 'to'],
      properties: {
        event_type: { type: ['string', 'null'] },
        from: { type: ['string', 'null'], description: 'ISO-8601' },
        to: { type: ['string', 'null'], description: 'ISO-8601' },
      },
    },
  },
} as const

const text = (most: number) => z.string().transform((value) => value.slice(0, most))
const time = z
  .string()
  .nullable()
  .transform((value) => {
    const at = value === null ? Number.NaN : Date.parse(value)
    return Number.isNaN(at) ? null : at
  })

const Answer = z.object({
  reasoning: text(MOST_REASONING).refine((value) => value.trim() !== '', 'is empty'),
  verdict: z.enum(VERDICTS).nullable(),
  threat_class: z
    .number()
    .int()
    .min(0)
    .max(CLASS_COUNT - 1)
    .nullable(),
  confidence: z.number().min(0).max(1),
  citations: z
    .array(
      z.object({
        evidence: z.number().int(),
        says: text(MOST_TEXT),
        facts: z
          .array(z.object({ field: text(100), value: text(MOST_TEXT) }))
          .transform((facts) => facts.slice(0, MOST_FACTS)),
      }),
    )
    .transform((citations) => citations.slice(0, MOST_CITATIONS)),
  actions: z
    .array(z.object({ action: text(MOST_TEXT), why: text(MOST_TEXT), rollback: text(MOST_TEXT) }))
    .transform((actions) => actions.slice(0, MOST_ACTIONS)),
  more_events: z.object({ event_type: text(100).nullable(), from: time, to: time }).nullable(),
})

/** An answer's JSON as an opinion; a sentence when it is of another form. */
export function opinionFrom(json: unknown): { ok: true; value: Opinion } | { ok: false; error: string } {
  const read = Answer.safeParse(json)
  if (!read.success) {
    const issue = read.error.issues[0]
    return { ok: false, error: `${issue?.path.join('.') || 'answer'}: ${issue?.message ?? 'wrong'}` }
  }
  const { reasoning, verdict, threat_class, confidence, citations, actions, more_events } = read.data
  return {
    ok: true,
    value: {
      verdict,
      threatClass: threat_class as ClassId | null,
      confidence: verdict === null ? 0 : confidence,
      reasoning,
      citations,
      actions,
      more: more_events && { eventType: more_events.event_type, from: more_events.from, to: more_events.to },
    },
  }
}
