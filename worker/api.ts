import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ZodType } from 'zod'
import type { AppEnv } from './app-env.ts'
import { problem, type Refusal } from './problem.ts'
import { Problem } from './routes/incident-schemas.ts'
import { whyInvalid } from './why-invalid.ts'

/** A part of the JSON API: its routes are in /openapi.json, its inputs are checked, its refusals are problem documents. */
export const apiApp = () =>
  new OpenAPIHono<AppEnv>({
    defaultHook: (result, c) => {
      if (!result.success) return problem(c, { tag: 'invalid-input', detail: whyInvalid(result.error) })
    },
  })

/** A refusal out of a described route: its type says never, because the framework's types know JSON answers only. */
export const refused = (c: Context<AppEnv>, refusal: Refusal) => problem(c, refusal) as never

/** A 200 of JSON, for a route's description. */
export const json = <Schema extends ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

const WHY: Record<number, string> = {
  400: 'The request is not in the expected form',
  401: 'No valid session or token',
  403: 'The role does not allow it, or the request comes from another site',
  404: 'There is none',
  409: 'The state of things does not allow it',
  422: 'What was sent is read, and not taken; the detail says why',
  503: 'A part that this needs does not answer',
  502: 'An address outside did not answer as it should',
}

/** The refusals of a route, for its description. */
export const refusals = (...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: WHY[status] ?? 'Refused', content: { 'application/problem+json': { schema: Problem } } },
    ]),
  )
