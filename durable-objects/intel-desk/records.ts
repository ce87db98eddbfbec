import { createHash } from 'node:crypto'
import {
  type DeskCounters,
  newDeskCounters,
  newProviderCounters,
  type ProviderCounters,
} from '../../core/intel/live/health.ts'
import { NEW_RECORD, type ProviderRecord, type ProviderSetup } from '../../core/intel/live/provider-record.ts'
import { PROVIDER_FACTS, PROVIDERS, type ProviderName } from '../../core/intel/live/providers.ts'
import type { SettingFault, SettingName, Settings } from '../../core/settings.ts'

/** What is remembered of one service. */
export interface Remembered {
  record: ProviderRecord
  counters: ProviderCounters
}

/** Budgets, breakers and counts, as rows of JSON: a handful, read once, written when they change. */
export class DeskRecords {
  readonly #sql: SqlStorage
  readonly #providers = new Map<ProviderName, Remembered>()
  readonly desk: DeskCounters

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS records (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID')
    const rows = sql.exec<{ name: string; value: string }>('SELECT name, value FROM records').toArray()
    const stored = new Map(rows.map(({ name, value }) => [name, JSON.parse(value)]))
    for (const name of PROVIDERS) {
      const row = stored.get(name) as Remembered | undefined
      this.#providers.set(name, {
        record: { ...NEW_RECORD, ...row?.record },
        counters: { ...newProviderCounters(), ...row?.counters },
      })
    }
    this.desk = { ...newDeskCounters(), ...stored.get('desk') }
  }

  of(provider: ProviderName): Remembered {
    return this.#providers.get(provider)!
  }

  /** Remembers a service's new record; its counters are written with it. Call within a transaction. */
  write(provider: ProviderName, record: ProviderRecord): void {
    const remembered = this.of(provider)
    remembered.record = record
    this.#put(provider, remembered)
  }

  writeDesk(): void {
    this.#put('desk', this.desk)
  }

  #put(name: string, value: unknown): void {
    this.#sql.exec('INSERT OR REPLACE INTO records (name, value) VALUES (?, ?)', name, JSON.stringify(value))
  }
}

/** A bad one of these turns every service off: nobody knows then what may be sent. */
const SHARED: readonly SettingName[] = ['OWN_RANGES', 'INTEL_TIMEOUT_MS']

/** What the deployment's settings say of each service. */
export function setupsOf(values: Settings, faults: readonly SettingFault[]): Map<ProviderName, ProviderSetup> {
  const setups = PROVIDERS.map((name): [ProviderName, ProviderSetup] => {
    const { key, baseUrl, budget, others } = PROVIDER_FACTS[name].settings
    const used = [key, baseUrl, budget, ...others, ...SHARED]
    const fault = faults.find((one) => used.includes(one.name))
    const digest = createHash('sha256').update(JSON.stringify([key, baseUrl, ...others].map((one) => values[one])))
    return [
      name,
      {
        hasKey: values[key] !== null,
        fault: fault ? `${fault.name} ${fault.why}` : null,
        dailyBudget: Number(values[budget]),
        digest: digest.digest('hex'),
      },
    ]
  })
  return new Map(setups)
}
