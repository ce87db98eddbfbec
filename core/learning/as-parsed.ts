import type { LabelledEvent } from './labelled-windows.ts'

/**
 * The same events as our own parsers would have read them. Converted data sets name a destination port (and no service)
 * where the original line names neither host nor port; a model that has only seen those would be lost on real lines.
 * Empty when nothing would change.
 */
export function asParsed(events: readonly LabelledEvent[]): LabelledEvent[] {
  if (!events.some(differs)) return []
  return events.map((labelled) => {
    if (!differs(labelled)) return labelled
    const { dst_port: _invented, ...event } = labelled.event
    const service = event.service ?? serviceOf(event.event_type)
    return { ...labelled, event: service === undefined ? event : { ...event, service } }
  })
}

const differs = ({ event }: LabelledEvent): boolean => event.dst_port !== undefined && event.dst_ip === undefined

function serviceOf(eventType: string): string | undefined {
  if (eventType.startsWith('ssh.')) return 'ssh'
  return eventType.startsWith('http.') ? 'http' : undefined
}
