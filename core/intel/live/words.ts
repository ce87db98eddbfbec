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
 * Whether nothing asks for somebody's hand: no refused key, no setting that cannot be used. A service that fails or has
 * no budget left passes by itself, and no incident waits for one.
 */
export const isDeskAtEase = ({ providers }: IntelDeskHealth): boolean =>
  providers.every(({ state }) => state.tag !== 'key-refused' && (state.tag !== 'off' || state.why === 'no key'))
