import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { apiApp } from '../api.ts'
import type { AppEnv } from '../app-env.ts'
import { requires } from '../auth/requires.ts'

const described = createRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This description',
  middleware: requires('public'),
  responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: z.unknown() } } } },
})

/** The description of every route that `documented` holds; mount it last. */
export const openapi = (documented: OpenAPIHono<AppEnv>) =>
  apiApp().openapi(described, (c) => {
    const document = documented.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Picket',
        version: '1',
        description: 'Times are ISO 8601 in UTC. Refusals are RFC 9457 problem documents.',
      },
      servers: [{ url: '/' }],
      security: [{ session: [] }, { token: [] }],
    })
    return c.json(document, 200)
  })

/** Declares how callers prove who they are. */
export function declareSecurity(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'picket-session',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
}
