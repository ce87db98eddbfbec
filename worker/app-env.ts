import type { Database } from '../adapters/d1/database.ts'
import type { CaseMemoryBindings } from '../adapters/durable-objects/case-memory-writer.ts'
import type { CouncilBindings } from '../adapters/durable-objects/council-reader.ts'
import type { HealthBindings } from '../adapters/durable-objects/health-reader.ts'
import type { IntelDeskBindings } from '../adapters/durable-objects/intel-desk-reader.ts'
import type { WindowBindings } from '../adapters/durable-objects/present-windows.ts'
import type { TrainerBindings } from '../adapters/durable-objects/trainer-caller.ts'
import type { FeatureStoreBindings } from '../adapters/feature-store/feature-store.ts'
import type { Access } from '../core/auth/role.ts'
import type { RandomBytes } from '../core/auth/token.ts'
import type { ModelFacts } from '../core/incidents/view.ts'
import type { Role } from '../core/store/schema.ts'
import type { Clock, EpochMs } from '../core/time.ts'

export interface AppBindings
  extends HealthBindings,
    WindowBindings,
    FeatureStoreBindings,
    IntelDeskBindings,
    CouncilBindings,
    CaseMemoryBindings,
    TrainerBindings {
  DB: D1Database
  /** The entries of loaded lists. */
  INTEL: R2Bucket
  /** The user's own networks: CIDRs, divided by commas. */
  OWN_RANGES?: string
  SOURCE_PARTITION: HealthBindings['SOURCE_PARTITION'] & WindowBindings['SOURCE_PARTITION']
}

/** What the app is built from; the worker hands in the real ones, a test its own. */
export interface AppParts extends ModelFacts {
  clock: Clock
  random: RandomBytes
  /** How lists are fetched from their URLs. */
  fetch: typeof fetch
  /** Checks a password against its stored form; see core/auth/password.ts. */
  verifyPassword: (password: string, stored: string | null) => Promise<boolean>
}

/** Who asks. */
export type Identity =
  | { kind: 'user'; id: number; name: string; role: Role; csrfToken: string; sessionHash: string }
  | { kind: 'token'; id: number; name: string; role: Role }

export interface AppVariables {
  parts: AppParts
  /** The one present time of this request. */
  now: EpochMs
  db: Database
  /** Who asks; null on a route that is for everybody. */
  who: Identity | null
  access: Access
}

export interface AppEnv {
  Bindings: AppBindings
  Variables: AppVariables
}
