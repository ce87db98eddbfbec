import { z } from 'zod'
import { canonicalAddress } from './address.ts'
import { boundText, MAX_EVENT_ID, MAX_EVENT_TYPE } from './bounds.ts'
import type { CanonicalEvent } from './event.ts'
import { EVENT_TYPE, SHA256, serviceName } from './normalise.ts'
import { epochNumber, isoTime } from './timestamp.ts'

/**
 * The canonical event on the wire (contract, "Ingest"): the definition that the API description is made from and that
 * names what is wrong with a refused event. Parsing gives a CanonicalEvent. Unknown keys are dropped; null is absent.
 */

const time = z.union([z.string(), z.number()]).transform((value, context) => {
  const ts = typeof value === 'string' ? isoTime(value) : epochNumber(value)
  if (ts !== null && ts >= 0) return ts
  context.addIssue({ code: 'custom', message: 'expected an ISO-8601 time, or seconds or milliseconds since 1970' })
  return z.NEVER
})

const address = z.string().transform((value, context) => {
  const canonical = canonicalAddress(value)
  if (canonical !== null) return canonical
  context.addIssue({ code: 'custom', message: 'expected an IPv4 or IPv6 address' })
  return z.NEVER
})

const positiveZero = (value: number): number => value + 0
const text = z.string().transform(boundText).nullish()
const word = z
  .string()
  .transform((value) => boundText(value).toLowerCase())
  .nullish()
const count = z.number().min(0).transform(positiveZero).nullish()
const whole = (max: number) => z.number().int().min(0).max(max).transform(positiveZero).nullish()

type Present<Shape> = { [Key in keyof Shape]?: Exclude<Shape[Key], null | undefined> }

/** Leaves out what is absent, so that an absent value is an absent key. */
function withoutAbsent<Shape extends object>(values: Shape): Present<Shape> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null)) as Present<Shape>
}
const group = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z
    .object(shape)
    .transform((values) => {
      const present = withoutAbsent(values)
      return Object.keys(present).length === 0 ? undefined : present
    })
    .nullish()

export const CanonicalWire = z
  .object({
    ts: time,
    src_ip: address,
    event_type: z.string().max(MAX_EVENT_TYPE).regex(EVENT_TYPE, 'expected a dotted name').toLowerCase(),
    event_id: z.string().min(1).max(MAX_EVENT_ID).nullish(),
    src_port: whole(65_535),
    dst_ip: address.nullish(),
    dst_port: whole(65_535),
    proto: word,
    service: z.string().transform(serviceName).nullish(),
    bytes_out: count,
    bytes_in: count,
    pkts_out: count,
    pkts_in: count,
    duration_s: count,
    tcp_state: text,
    session: text,
    username: text,
    password: text,
    command: text,
    url: text,
    sha256: z.string().regex(SHA256, 'expected 64 hexadecimal digits').toLowerCase().nullish(),
    http: group({ method: text, host: text, path: text, status: whole(999), user_agent: text }),
    dns: group({ query: text, qtype: text, rcode: text }),
    tls: group({ sni: text, version: text, ja3: text }),
    ssh: group({ client: text, hassh: text }),
    alert: group({ signature: text, category: text, severity: whole(255) }),
    process: group({ name: text, command_line: text, parent: text, user: text }),
  })
  .transform((values) => withoutAbsent(values) as CanonicalEvent)

/** Every issue in one line: `src_port: …; dst_ip: …`. */
export const reasons = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`).join('; ')
