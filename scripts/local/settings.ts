import { mkdirSync, writeFileSync } from 'node:fs'
import { readSettings, SETTINGS } from '../../core/settings.ts'
import type { Environment } from './repository.ts'
import type { StateFolder } from './state.ts'

/** The Worker's settings (contract, "Configuration") that the environment may give on one machine; core/settings.ts has the others. */
const SETTING =
  /^(PARTITIONS|MAX_SOURCES|UPSTASH_REDIS_REST_(URL|TOKEN)|(GEMINI|XAI|OPENAI)_(API_KEY|BASE_URL|MODEL)|AI_GATEWAY_URL|COUNCIL_DAILY_BUDGET_USD|ACCESS_(TEAM_DOMAIN|AUD)|SESSION_SECRET|WEBHOOK_URLS)$/

/** The settings that the environment gives. Throws with the name of every one whose value cannot be used. */
export function settingsFrom(environment: Environment): Record<string, string> {
  const { faults } = readSettings(environment)
  if (faults.length > 0) throw new Error(faults.map(({ name, why }) => `${name} ${why}`).join('; '))
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    const isSetting = SETTING.test(name) || Object.hasOwn(SETTINGS, name)
    if (value !== undefined && value !== '' && isSetting) settings[name] = value
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
