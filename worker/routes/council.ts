import { createRoute, z } from '@hono/zod-openapi'
import { IncidentReader } from '../../adapters/d1/incident-reader.ts'
import { readCase, readCouncilBudget } from '../../adapters/durable-objects/council-reader.ts'
import { VERIFIERS } from '../../core/council/verifier.ts'
import { apiApp, json, refusals, refused } from '../api.ts'
import { requires } from '../auth/requires.ts'
import { councilCaseJson } from './council-json.ts'
import { CouncilCase } from './council-schemas.ts'
import { IncidentParameters } from './incident-schemas.ts'

const Count = z.number().int()
const Stats = z
  .object({
    verdicts: z
      .object({ THREAT: Count, FALSE_POSITIVE: Count, INVESTIGATE: Count, failed: Count })
      .openapi({ description: 'Incidents by what the council came to; failed: no judge gave a verdict' }),
    budget: z
      .object({ daily_usd: z.number(), spent_today_usd: z.number(), set_aside_usd: z.number() })
      .nullable()
      .openapi({ description: 'Null where the budget does not answer; error says why' }),
    verifiers: z.array(
      z.object({
        verifier: z.enum(VERIFIERS),
        asked: Count,
        answered: Count,
        refused: Count.openapi({ description: 'Not asked: no room in the budget, left alone after failures' }),
        failures: z.record(z.string(), Count),
        calls: Count,
        input_tokens: Count,
        output_tokens: Count,
        usd: z.number(),
        answer_ms: z.object({ mean: z.number().nullable(), longest: z.number().nullable() }),
        running: Count,
        waiting: Count,
        breaker: z.enum(['closed', 'open', 'half-open']),
      }),
    ),
    error: z.string().nullable(),
  })
  .openapi('CouncilStats')

const stats = createRoute({
  method: 'get',
  path: '/api/council/stats',
  summary: 'Verdicts of the council, and what every verifier took since it was first asked',
  middleware: requires('viewer'),
  responses: { 200: json(Stats, 'Figures'), ...refusals(401, 403) },
})

const asItRan = createRoute({
  method: 'get',
  path: '/api/incidents/{id}/council',
  summary: 'The newest case of an incident as it ran, with prompts, answers and costs',
  middleware: requires('analyst'),
  request: { params: IncidentParameters },
  responses: { 200: json(CouncilCase, 'The case'), ...refusals(400, 401, 403, 404, 503) },
})

export const councilApi = apiApp()
  .openapi(asItRan, async (c) => {
    const row = await new IncidentReader(c.var.db).byId(Number(c.req.valid('param').id))
    if (row === null) return refused(c, { tag: 'no-such-incident' })
    const read = await readCase(c.env, row.incident_key)
    if (!read.ok) return refused(c, { tag: 'unavailable', detail: read.error })
    if (read.value === null)
      return refused(c, { tag: 'not-found', detail: 'The council has no case of this incident.' })
    return c.json(councilCaseJson(read.value), 200)
  })
  .openapi(stats, async (c) => {
    const [verdicts, budget] = await Promise.all([
      new IncidentReader(c.var.db).byCouncilVerdict(),
      readCouncilBudget(c.env),
    ])
    return c.json(
      {
        verdicts,
        budget: budget.ok
          ? {
              daily_usd: budget.value.dailyBudgetUsd,
              spent_today_usd: budget.value.spentTodayUsd,
              set_aside_usd: budget.value.setAsideUsd,
            }
          : null,
        verifiers: (budget.ok ? budget.value.verifiers : []).map((one) => ({
          verifier: one.verifier,
          asked: one.asked,
          answered: one.answered,
          refused: one.refused,
          failures: one.failures,
          calls: one.calls,
          input_tokens: one.inputTokens,
          output_tokens: one.outputTokens,
          usd: one.usd,
          answer_ms: {
            mean: one.answered === 0 ? null : one.msTotal / one.answered,
            longest: one.answered === 0 ? null : one.msLongest,
          },
          running: one.running,
          waiting: one.waiting,
          breaker: one.breaker,
        })),
        error: budget.ok ? null : budget.error,
      },
      200,
    )
  })
