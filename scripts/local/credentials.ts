import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Environment } from './repository.ts'
import type { StateFolder } from './state.ts'

/** The sensors of the scripted day, beside the one that `npm run replay` posts as. */
export const DEMO_SENSORS = [
  { id: 'demo-honeypot', name: 'SSH honeypot (demo)' },
  { id: 'demo-web', name: 'Web server (demo)' },
  { id: 'demo-network', name: 'Network tap (demo)' },
] as const
export type DemoSensorId = (typeof DEMO_SENSORS)[number]['id']

export const LOCAL_SENSOR = { id: 'local', name: 'Local log files' } as const
export const ADMIN_NAME = 'admin'

export interface Credentials {
  adminPassword: string
  apiToken: string
  sensorKey: string
  demoSensorKeys: Record<DemoSensorId, string>
}

type Secret = Exclude<keyof Credentials, 'demoSensorKeys'>

/** What the environment may set in place of a generated value. */
export const CREDENTIAL_VARIABLES: Record<Secret, string> = {
  adminPassword: 'PICKET_ADMIN_PASSWORD',
  apiToken: 'PICKET_API_TOKEN',
  sensorKey: 'PICKET_SENSOR_KEY',
}

export interface Remembered extends Partial<Record<Secret, string>> {
  demoSensorKeys?: Partial<Record<DemoSensorId, string>>
  /** Digest of the credentials that were last written to the database. */
  seeded?: string
}

/**
 * The credentials of this system: the environment's where it sets them, else the remembered ones, else new ones, which
 * are remembered (mode 0600). Values that the environment sets are not written to the file.
 */
export function credentialsOf(state: StateFolder, environment: Environment): Credentials {
  const remembered = readRemembered(state)
  const kept = { ...remembered, demoSensorKeys: { ...remembered.demoSensorKeys } }
  const secret = (name: Secret, prefix: string): string => {
    const set = environment[CREDENTIAL_VARIABLES[name]]
    if (set) return set
    kept[name] ??= newSecret(prefix)
    return kept[name]
  }
  const demoKey = (id: DemoSensorId): string => {
    kept.demoSensorKeys[id] ??= newSecret('sensor')
    return kept.demoSensorKeys[id]
  }
  const credentials: Credentials = {
    adminPassword: secret('adminPassword', ''),
    apiToken: secret('apiToken', 'token'),
    sensorKey: secret('sensorKey', 'sensor'),
    demoSensorKeys: {
      'demo-honeypot': demoKey('demo-honeypot'),
      'demo-web': demoKey('demo-web'),
      'demo-network': demoKey('demo-network'),
    },
  }
  if (JSON.stringify(kept) !== JSON.stringify(remembered)) remember(state, kept)
  return credentials
}

/** Reads what a running or earlier system remembers; `{}` for a folder that has never been used. */
export function readRemembered(state: StateFolder): Remembered {
  let text: string
  try {
    text = readFileSync(state.credentialsFile, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    return JSON.parse(text) as Remembered
  } catch {
    throw new Error(`${state.credentialsFile} is not JSON; delete it and new credentials are made`)
  }
}

export function rememberSeeded(state: StateFolder, digest: string): void {
  remember(state, { ...readRemembered(state), seeded: digest })
}

/** Written whole or not at all, readable by the owner only. */
function remember(state: StateFolder, remembered: Remembered): void {
  mkdirSync(state.folder, { recursive: true, mode: 0o700 })
  const draft = `${state.credentialsFile}.new`
  writeFileSync(draft, `${JSON.stringify(remembered, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, state.credentialsFile)
}

/** 256 random bits for machines; 96 for the password that a person types. */
export function newSecret(prefix: string): string {
  return prefix === '' ? randomBytes(12).toString('base64url') : `pk_${prefix}_${randomBytes(32).toString('base64url')}`
}
