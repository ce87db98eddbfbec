import type { Reading } from '../../live-figures.ts'
import type { IntelDeskHealth, ProviderHealth } from './health.ts'
import type { ProviderState } from './provider-record.ts'

const minute = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** A service's state in a few words. */
export function stateInWords(state: ProviderState): string {
  switch (state.tag) {
    case 'off':
      return `off: ${state.why}`
    case 'ready':
      return 'ready'
    case 'budget-spent':
      return `budget spent until ${minute(state.until)}`
    case 'told-to-wait':
      return `told to wait until ${minute(state.until)}`
    case 'breaker-open':
      return `failing, left alone until ${minute(state.until)}`
    case 'key-refused':
      return `key refused (status ${state.status}) at ${minute(state.at)}`
  }
}

/** All services in a line, for `/readyz`: those that are on with their budget, those without a key together. */
export function deskInWords({ providers }: IntelDeskHealth): string {
  const isUnset = ({ state }: ProviderHealth) => state.tag === 'off' && state.why === 'no key'
  const on = providers.filter((one) => !isUnset(one))
  if (on.length === 0) return 'off: no key is set'
  const off = providers.filter(isUnset).map(({ title }) => title)
  return [...on.map(providerInWords), ...(off.length === 0 ? [] : [`no key for ${off.join(', ')}`])].join('; ')
}

function providerInWords({ title, state, callsToday, dailyBudget, lastFailure }: ProviderHealth): string {
  const today = state.tag === 'off' ? '' : `, ${callsToday} of ${dailyBudget} calls today`
  const failure = lastFailure === null ? '' : `, last error ${minute(lastFailure.at)}: ${lastFailure.why}`
  return `${title} ${stateInWords(state)}${today}${failure}`
}

/**
 * What `/readyz` says. `degraded`: it works badly, and Picket does without it; no incident waits for a look-up. So it is
 * when a key was refused or a setting cannot be used: that wants somebody's hand, while a service that fails or has no
 * budget left comes back by itself.
 */
export function deskReadiness({ health }: Reading<IntelDeskHealth>): { ok: boolean; degraded?: true; detail: string } {
  if (!health.ok) return { ok: false, degraded: true, detail: health.error }
  const detail = deskInWords(health.value)
  const wantsHelp = health.value.providers.some(
    ({ state }) => state.tag === 'key-refused' || (state.tag === 'off' && state.why !== 'no key'),
  )
  return wantsHelp ? { ok: false, degraded: true, detail } : { ok: true, detail }
}
