import { z } from '@hono/zod-openapi'
import { ROLES_OF_VERIFIERS, VERDICTS, VERIFIERS } from '../../core/council/verifier.ts'

/** What the API says of the council's part of an incident. */

const WhyAbsent = z.string().nullable()
const Answer = z.unknown().nullable().openapi({ description: 'Null where it gave none; absent says why' })

export const IncidentCouncil = z
  .object({
    state: z.enum(['done', 'failed']).nullable().openapi({ description: 'Null while no case of it is over' }),
    round: z.number().int().nullable().openapi({ description: 'Cases of this incident so far' }),
    final_verdict: z
      .string()
      .nullable()
      .openapi({ description: VERDICTS.join(', ') }),
    council_confidence: z.number().nullable().openapi({
      description: 'THREAT: the larger of council and ensemble. FALSE_POSITIVE: 0.3',
    }),
    council_reasoning: z.string().nullable(),
    corrected_class: z
      .object({ id: z.number().int(), name: z.string() })
      .nullable()
      .openapi({ description: 'Null where it leaves the ensemble’s' }),
    disputed: z.boolean().nullable().openapi({ description: 'Verifiers contradict each other; both are in the case' }),
    sampled_for_review: z.boolean().nullable().openapi({ description: 'A false positive that stays in the queue' }),
    remarks: z.array(z.string()),
    routing_path: z.array(z.string()),
    api_calls_made: z.array(z.string()),
    processing_time_ms: z.number().nullable().openapi({ description: 'Of the case' }),
    cost_usd: z.number().nullable().openapi({ description: 'Null where the cost of a call is not known' }),
    gemini_analysis: Answer,
    grok_intel: Answer,
    openai_remediation: Answer,
    absent: z.object({ gemini_analysis: WhyAbsent, grok_intel: WhyAbsent, openai_remediation: WhyAbsent }),
    not_run: z.array(
      z.object({ role: z.enum(ROLES_OF_VERIFIERS), verifier: z.enum(VERIFIERS).nullable(), why: z.string() }),
    ),
    failure: z.string().nullable().openapi({ description: 'Why the case ended without a verdict' }),
    at: z.iso.datetime().nullable(),
  })
  .openapi('IncidentCouncil')

const Calls = z.number().int()

/** The newest case as it ran. */
export const CouncilCase = z
  .object({
    round: z.number().int(),
    state: z.string(),
    steps: z.array(z.object({ state: z.string(), at: z.iso.datetime() })),
    asks: z.array(
      z.object({
        id: z.string(),
        role: z.enum(ROLES_OF_VERIFIERS),
        verifier: z.enum(VERIFIERS),
        model: z.string().nullable(),
        state: z.string(),
        without_text_of_strangers: z.boolean(),
        opinion: z.unknown().nullable(),
        why: z.string().nullable().openapi({ description: 'Why there is no opinion' }),
        calls: Calls,
        input_tokens: Calls.nullable(),
        output_tokens: Calls.nullable(),
        cost_usd: z.number().nullable(),
        took_ms: z.number().nullable(),
        prompt: z.string().nullable().openapi({ description: 'As it went out, masked; null where nothing was sent' }),
        answer: z.string().nullable().openapi({ description: 'As it came, masked' }),
      }),
    ),
    scenario_hits: z.array(z.unknown()),
    similar: z.array(z.unknown()),
    events: z.object({ shown: z.number().int(), kept: z.number().int(), seen: z.number().int() }).nullable(),
  })
  .openapi('CouncilCase')
