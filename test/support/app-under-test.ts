import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { FeatureStoreNamespace } from '../../adapters/durable-objects/feature-store.ts'
import type { IntelDeskBindings } from '../../adapters/durable-objects/intel-desk-reader.ts'
import { hashPassword, verifyPassword } from '../../core/auth/password.ts'
import { secureRandom, sha256Hex } from '../../core/auth/token.ts'
import type { Windows } from '../../core/features/store/features-of.ts'
import type { StoreEnvironment } from '../../core/features/store/settings.ts'
import type { PartitionHealth, SensorHealth } from '../../core/health.ts'
import { ROLES, type Role } from '../../core/store/schema.ts'
import { createApp } from '../../worker/app.ts'
import type { AppBindings, AppParts } from '../../worker/app-env.ts'
import { FIXTURE_MANIFEST, FIXTURE_NOW } from './incident-fixture.ts'

export const ORIGIN = 'https://picket.test'
export const { DB, INTEL, INTEL_DESK, FEATURE_STORE } = env as unknown as {
  DB: D1Database
  INTEL: R2Bucket
  INTEL_DESK: IntelDeskBindings['INTEL_DESK']
  FEATURE_STORE: FeatureStoreNamespace
}

export const SENSOR_HEALTH: SensorHealth = {
  sensor: 'gateway',
  accepted: 1000,
  duplicates: 20,
  rejected: 3,
  dropped: 0,
  lastBatchAt: FIXTURE_NOW - 4_000,
  lastEventTs: FIXTURE_NOW - 5_000,
  eventsLastMinute: 60,
  recentRejections: [{ at: FIXTURE_NOW - 9_000, reason: 'no time in the line' }],
}

export const PARTITION_HEALTH: PartitionHealth = {
  partition: 0,
  liveSources: 11,
  eventsAccepted: 500,
  eventsDuplicate: 10,
  eventsUnjudged: 7,
  eventsLate: 1,
  windowsJudged: 100,
  windowsAllowed: 0,
  sourcesEvicted: 0,
  routes: { TRUST: 90, VERIFY: 8, INVESTIGATE: 2 },
  classes: [90, 1, 2, 3, 4, 0, 0],
  outboxPending: 0,
  modelVersion: FIXTURE_MANIFEST.version,
  modelError: null,
  decisionSeconds: {
    buckets: [
      { le: 0.5, count: 4 },
      { le: 2, count: 9 },
    ],
    sum: 7.25,
    count: 10,
  },
}

/** What the running parts say; a thrown error is a part that fails. */
export interface Parts {
  sensor: (id: string) => SensorHealth
  partition: (name: string) => PartitionHealth
  windows: Windows
  store: StoreEnvironment
}

export const WELL: Parts = {
  sensor: (sensor) => ({ ...SENSOR_HEALTH, sensor }),
  partition: (name) => ({ ...PARTITION_HEALTH, partition: Number(name.slice(1)) }),
  windows: { windowNow: async () => null, vectorNow: async () => null },
  store: {},
}

/** An app with a clock that the test moves, on the test's D1, with parts that say what the test wants. */
export function appUnderTest(
  theirs: Partial<Parts> = {},
  given: Partial<AppParts> = {},
  others: Pick<AppBindings, 'COUNCIL' | 'COUNCIL_BUDGET' | 'CASE_MEMORY' | 'TRAINER'> = {},
) {
  const parts: Parts = { ...WELL, ...theirs }
  const clock = { now: FIXTURE_NOW }
  const app = createApp({
    clock: () => clock.now,
    random: secureRandom,
    verifyPassword,
    manifest: FIXTURE_MANIFEST,
    ...given,
  })
  const bindings: AppBindings = {
    DB,
    INTEL,
    FEATURE_STORE,
    INTEL_DESK,
    ...others,
    ...parts.store,
    SENSOR: { getByName: (id) => ({ health: async () => parts.sensor(id) }) },
    SOURCE_PARTITION: { getByName: (name) => ({ health: async () => parts.partition(name), ...parts.windows }) },
    PARTITIONS: '2',
  }
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const context = createExecutionContext()
    const answer = await app.request(`${ORIGIN}${path}`, { redirect: 'manual', ...init }, bindings, context)
    await waitOnExecutionContext(context)
    return answer
  }
  return { app, clock, request }
}

export type AppUnderTest = ReturnType<typeof appUnderTest>

/** One user and one API token a role: password `ROLE password`, token `ROLE-token`. */
export async function addPeople(): Promise<void> {
  for (const role of ROLES) {
    const hash = await hashPassword(passwordOf(role), secureRandom)
    await DB.batch([
      DB.prepare('INSERT INTO users (name, password_hash, role, created_at) VALUES (?, ?, ?, 0)').bind(
        role,
        hash,
        role,
      ),
      DB.prepare('INSERT INTO api_tokens (name, token_hash, role, created_at) VALUES (?, ?, ?, 0)').bind(
        role,
        await sha256Hex(tokenOf(role)),
        role,
      ),
    ])
  }
}

export const passwordOf = (role: Role): string => `${role} password`
export const tokenOf = (role: Role): string => `${role}-token`
export const bearer = (role: Role): { Authorization: string } => ({ Authorization: `Bearer ${tokenOf(role)}` })

/** Posts a form as a browser on our own page does, or with other headers. */
export const form = (fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: ORIGIN, ...headers },
  body: new URLSearchParams(fields).toString(),
})

/** The Cookie header of an answer's Set-Cookie. */
export const cookieOf = (answer: Response): string => (answer.headers.get('Set-Cookie') ?? '').split(';')[0]!

/** Logs in and gives the Cookie header of the session. */
export async function logIn({ request }: AppUnderTest, role: Role): Promise<string> {
  const answer = await request('/login', form({ name: role, password: passwordOf(role) }))
  if (answer.status !== 303) throw new Error(`log-in of ${role} was answered ${answer.status}`)
  return cookieOf(answer)
}

/** The synchroniser token that a page shows in its forms. */
export const csrfIn = (html: string): string => /name="csrf" value="([\w-]+)"/.exec(html)?.[1] ?? ''
