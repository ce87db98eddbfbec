import type { IntelDeskHealth } from '../../core/intel/live/health.ts'
import type { Reading } from '../../core/live-figures.ts'
import { askHealth, type HealthNamespace } from './health-reader.ts'

export interface IntelDeskBindings {
  INTEL_DESK: HealthNamespace<IntelDeskHealth>
}

/** The one desk of the deployment; see INTEL_DESK in durable-objects/names.ts. */
const DESK = 'desk'

/** State, budget and counts of every service that live look-ups may ask. */
export const readIntelDesk = async (bindings: IntelDeskBindings): Promise<Reading<IntelDeskHealth>> => ({
  name: 'live look-ups',
  health: await askHealth(bindings.INTEL_DESK, DESK),
})
