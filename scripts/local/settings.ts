import { mkdirSync, writeFileSync } from 'node:fs'
import type { Environment } from './repository.ts'
import type { StateFolder } from './state.ts'

/**
 * The Worker's settings (contract, "Configuration") that the environment may give on one machine. By name only: the table
 * in core/settings.ts takes 40 MB with its schemas, and who hands settings on runs as long as the app does.
 */
const SETTING =
  /^(PARTITIONS|MAX_SOURCES|FEATURE_STORE_WRITES|UPSTASH_REDIS_REST_(URL|TOKEN)|(GEMINI|XAI|OPENAI)_(API_KEY|BASE_URL|MODEL)|AI_GATEWAY_URL|WORKERS_AI_MODEL|COUNCIL_(DAILY_BUDGET_USD|TIMEOUT_MS|CALLS_AT_ONCE|PRICES|REUSE)|(ABUSEIPDB|GREYNOISE|CROWDSEC_CTI|OTX)_(API_KEY|BASE_URL|DAILY_BUDGET)|GREYNOISE_API|INTEL_TIMEOUT_MS|OWN_RANGES|ACCESS_(TEAM_DOMAIN|AUD)|SESSION_SECRET|WEBHOOK_URLS)$/

export function settingsFrom(environment: Environment): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value !== '' && SETTING.test(name)) settings[name] = value
  }
  return settings
}

/** Hands settings to `wrangler dev` in a file that only the owner can read: arguments would show in the process list. */
export function writeSettings(state: StateFolder, settings: Record<string, string>): void {
  mkdirSync(state.folder, { recursive: true, mode: 0o700 })
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${quoted(name, value)}\n`)
  writeFileSync(state.settingsFile, lines.join(''), { mode: 0o600 })
}

/** dotenv takes a value between quotes as it stands, except for the same quote. */
function quoted(name: string, value: string): string {
  const quote = ["'", '`'].find((candidate) => !value.includes(candidate))
  if (quote === undefined) throw new Error(`${name} holds both ' and \`: it cannot be handed to wrangler`)
  return `${quote}${value}${quote}`
}
