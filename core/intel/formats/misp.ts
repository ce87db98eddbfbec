import { z } from 'zod'
import {
  hostIndicator,
  hostOfUrl,
  indicator,
  ja3Of,
  type ListFormat,
  type Reading,
  shown,
  unreadable,
} from '../indicator.ts'

/** MISP core format (draft-dulaunoy-misp-core-format), section 2.4: attributes of an event and of its objects. */
const Attribute = z.object({
  type: z.string(),
  value: z.string(),
  to_ids: z.boolean().default(true),
  deleted: z.boolean().default(false),
  first_seen: z.iso.datetime({ offset: true }).nullish(),
})
const Event = z.object({
  Attribute: z.array(z.unknown()).default([]),
  Object: z.array(z.object({ Attribute: z.array(z.unknown()).default([]) })).default([]),
})
const Exported = z.union([
  z.object({ Event }),
  z.object({ response: z.array(z.object({ Event })) }),
  z.array(z.object({ Event })),
])

/** How the value of each type of attribute is read; other types are passed over. */
const TYPES: Record<string, (value: string) => Reading> = {
  'ip-src': hostIndicator,
  'ip-dst': hostIndicator,
  // The port says more than a list of sources holds: the address is taken.
  'ip-src|port': (value) => hostIndicator(value.split('|')[0]!),
  'ip-dst|port': (value) => hostIndicator(value.split('|')[0]!),
  domain: hostIndicator,
  hostname: hostIndicator,
  'domain|ip': (value) => hostIndicator(value.split('|')[0]!),
  url: (value) => hostIndicator(hostOfUrl(value) ?? value),
  'ja3-fingerprint-md5': (value) => {
    const fingerprint = ja3Of(value)
    return fingerprint === null ? unreadable(`"${shown(value)}" is no JA3 fingerprint`) : indicator('ja3', fingerprint)
  },
}

/** MISP events as JSON: one, an array, or what its REST search answers. Attributes that are not for detection are passed over. */
export const misp: ListFormat = {
  form: 'document',
  read(document) {
    const exported = Exported.safeParse(document)
    if (!exported.success) return 'holds no MISP event (Event, response[].Event or [].Event)'
    const { data } = exported
    const events = Array.isArray(data) ? data : 'response' in data ? data.response : [data]
    return events.flatMap(({ Event }) =>
      [...Event.Attribute, ...Event.Object.flatMap((object) => object.Attribute)].map(readAttribute),
    )
  },
}

function readAttribute(attribute: unknown): Reading {
  const parsed = Attribute.safeParse(attribute)
  if (!parsed.success) return unreadable('an attribute without type and value')
  const { type, value, to_ids, deleted, first_seen } = parsed.data
  const read = TYPES[type]
  if (read === undefined || !to_ids || deleted) return null
  const reading = read(value.trim())
  return reading?.tag === 'indicator' && first_seen ? { ...reading, from: Date.parse(first_seen) } : reading
}
