import { hash32 } from '../window/hash.ts'
import { auth } from './auth.ts'
import { behaviour } from './behaviour.ts'
import { commands } from './commands.ts'
import { content } from './content.ts'
import type { Feature } from './feature.ts'
import { flow } from './flow.ts'
import { graph } from './graph.ts'
import { hosts } from './hosts.ts'
import { intel } from './intel.ts'
import { ports } from './ports.ts'
import { protocols } from './protocols.ts'
import { timing } from './timing.ts'
import { volume } from './volume.ts'

/** 79 base features, then 21 advanced; the order is the order of the vector. */
export const FEATURES: readonly Feature[] = [
  ...volume,
  ...timing,
  ...ports,
  ...hosts,
  ...protocols,
  ...flow,
  ...auth,
  ...commands,
  ...content,
  ...intel,
  ...behaviour,
  ...graph,
]

export const FEATURE_COUNT = FEATURES.length

/** Raised when a feature's computation changes under the same name, so that older models and vectors no longer fit. */
const REVISION = 1

/** Names this schema: every model, cached vector and training sample carries it. 16 hex digits. */
export const SCHEMA_HASH = (() => {
  const text = JSON.stringify([REVISION, FEATURES.map(({ name, unit, transform }) => [name, unit, transform])])
  return [hash32(text, 1), hash32(text, 2)].map((part) => part.toString(16).padStart(8, '0')).join('')
})()

const INDEX = new Map(FEATURES.map((feature, index) => [feature.name, index]))

/** Column of a feature in the vector. Throws for a name that is none: that is a mistake in the code. */
export function featureIndex(name: string): number {
  const index = INDEX.get(name)
  if (index === undefined) throw new Error(`no feature is called ${name}`)
  return index
}
