import { createReadStream, readdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { canonical } from '../../core/events/canonical.ts'
import type { LabelledEvent } from '../../core/learning/labelled-windows.ts'

const Labels = z.object({
  raw_source: z.string().min(1),
  class: z.number().int().min(0).max(6).nullish(),
  weak_class: z.number().int().min(0).max(6).nullish(),
})

/** Events of one capture (raw_source), in order of time. */
export interface Capture {
  name: string
  events: LabelledEvent[]
}

/**
 * Reads DIR/events/*.ndjson.gz: canonical events with raw_source, class and weak_class. Throws with file and line for a
 * line that is none of that: a data set that is read in part would be measured in part.
 */
export async function readCaptures(folder: string): Promise<Capture[]> {
  const eventsFolder = path.join(folder, 'events')
  const captures = new Map<string, LabelledEvent[]>()
  for (const file of readdirSync(eventsFolder)
    .filter((name) => name.endsWith('.ndjson.gz'))
    .sort()) {
    const lines = createInterface({ input: createReadStream(path.join(eventsFolder, file)).pipe(createGunzip()) })
    let number = 0
    for await (const line of lines) {
      number++
      if (line === '') continue
      const read = canonical.parse(line, { receivedAt: 0 })
      if (!read.ok) throw new Error(`${file} line ${number}: ${read.error.why}`)
      if (read.value === null) continue
      const labels = Labels.parse(JSON.parse(line))
      const events = captures.get(labels.raw_source)
      const event = { event: read.value, label: labels.class ?? null, weakLabel: labels.weak_class ?? null }
      if (events) events.push(event)
      else captures.set(labels.raw_source, [event])
    }
  }
  return [...captures]
    .map(([name, events]) => ({ name, events: events.sort((a, b) => a.event.ts - b.event.ts) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
