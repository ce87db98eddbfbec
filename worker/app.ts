import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { databaseOf } from '../adapters/d1/database.ts'
import { verifyPassword } from '../core/auth/password.ts'
import { secureRandom } from '../core/auth/token.ts'
import { FEATURES, SCHEMA_HASH } from '../core/features/schema.ts'
import type { AppEnv, AppParts } from './app-env.ts'
import { authorise } from './auth/authorise.ts'
import { securityHeaders } from './auth/security-headers.ts'
import { refuse } from './refuse.tsx'
import { councilApi } from './routes/council.ts'
import { featuresApi } from './routes/features.ts'
import { health } from './routes/health.ts'
import { incidentsApi } from './routes/incidents.ts'
import { INTEL_LISTS, intelApi } from './routes/intel.ts'
import { metrics } from './routes/metrics.ts'
import { declareSecurity, openapi } from './routes/openapi.ts'
import { pages } from './routes/pages.tsx'
import { sensorsApi } from './routes/sensors.ts'
import { session } from './routes/session.tsx'
import { trainingApi } from './routes/training.ts'

/** Forms and JSON that people and scripts send; logs go to ingest, which has limits of its own. */
const LARGEST_BODY = 64 * 1024

const DEFAULTS: AppParts = {
  clock: () => Date.now(),
  random: secureRandom,
  verifyPassword,
  fetch: (...request) => fetch(...request),
  manifest: null,
  features: FEATURES,
  schemaHash: SCHEMA_HASH,
}

/**
 * The whole HTTP face of Picket. `manifest` is the model's that this worker was built with: it explains incidents and
 * shows what the model earned; without it those figures are not known.
 */
export function createApp(given: Partial<AppParts> = {}) {
  const parts: AppParts = { ...DEFAULTS, ...given }
  const app = new OpenAPIHono<AppEnv>()
  app.use(securityHeaders)
  app.use(async (c, next) => {
    c.set('parts', parts)
    c.set('now', parts.clock())
    c.set('db', databaseOf(c.env.DB))
    await next()
  })
  const small = bodyLimit({ maxSize: LARGEST_BODY, onError: (c) => refuse(c, { tag: 'body-too-large' }) })
  // A list is read as it comes, with a limit of its own.
  app.use((c, next) => (c.req.path === INTEL_LISTS && c.req.method === 'POST' ? next() : small(c, next)))
  app.use(authorise)
  declareSecurity(app)
  app.route('/', incidentsApi)
  app.route('/', sensorsApi)
  app.route('/', councilApi)
  app.route('/', intelApi)
  app.route('/', featuresApi)
  app.route('/', trainingApi)
  app.route('/', health)
  app.route('/', metrics)
  app.route('/', session)
  app.route('/', pages)
  app.route('/', openapi(app))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return refuse(c, { tag: 'invalid-input', detail: error.message })
    console.error(error)
    return refuse(c, { tag: 'internal-error' })
  })
  app.notFound((c) => refuse(c, { tag: 'not-found' }))
  return app
}
