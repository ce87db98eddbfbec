import type { Indicator } from '../ensemble/prediction.ts'
import type { CanonicalEvent } from '../events/event.ts'
import { FEATURES } from '../features/schema.ts'

/** Fields of an event that the features of a group are computed from. */
const FIELDS_OF_GROUP: Record<string, readonly string[]> = {
  volume: ['ts'],
  timing: ['ts'],
  ports: ['dst_port'],
  hosts: ['dst_ip'],
  protocols: ['proto', 'service', 'dst_port'],
  flow: ['bytes_out', 'bytes_in', 'pkts_out', 'pkts_in', 'duration_s', 'tcp_state'],
  auth: ['username', 'password', 'event_type'],
  commands: ['command', 'url', 'sha256'],
  'http, dns, alerts': ['http', 'dns', 'alert'],
  behaviour: ['event_type', 'command', 'dst_ip'],
  graph: ['dst_ip'],
}
const GROUP_OF = new Map(FEATURES.map(({ name, group }) => [name, group]))

/** Names of the event's fields that the indicators which speak for the decision rest on. */
export function matchedFields(event: CanonicalEvent, indicators: readonly Indicator[]): string[] {
  const fields = new Set<string>()
  for (const { feature, contribution } of indicators) {
    if (contribution <= 0) continue
    for (const field of FIELDS_OF_GROUP[GROUP_OF.get(feature) ?? ''] ?? []) if (field in event) fields.add(field)
  }
  return [...fields]
}
