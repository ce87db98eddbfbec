/** What an event is about, as far as windows care. The order is the order of the activity profile's bins. */
export const EVENT_KINDS = [
  'flow',
  'http',
  'dns',
  'tls',
  'alert',
  'connect',
  'client',
  'login-failed',
  'login-success',
  'command',
  'file',
  'session-closed',
  'tunnel',
  'process',
  'invalid-user',
  'other',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

const EXACT: Record<string, EventKind> = {
  flow: 'flow',
  alert: 'alert',
  'http.request': 'http',
  'http.response': 'http',
  'dns.query': 'dns',
  'dns.answer': 'dns',
  'tls.handshake': 'tls',
  'file.download': 'file',
  'file.upload': 'file',
  'process.start': 'process',
}
const BY_ENDING: readonly [string, EventKind][] = [
  ['.login.failed', 'login-failed'],
  ['.login.success', 'login-success'],
  ['.command', 'command'],
  ['.connect', 'connect'],
  ['.client', 'client'],
  ['.session.closed', 'session-closed'],
  ['.tunnel.request', 'tunnel'],
  ['.invalid_user', 'invalid-user'],
]
const known = new Map<string, number>()

/** Index into EVENT_KINDS of an event type's kind. */
export function eventKind(eventType: string): number {
  const cached = known.get(eventType)
  if (cached !== undefined) return cached
  const kind = EXACT[eventType] ?? BY_ENDING.find(([ending]) => eventType.endsWith(ending))?.[1] ?? 'other'
  const index = EVENT_KINDS.indexOf(kind)
  // Attackers may choose event types through a canonical sensor, so the memo is bounded.
  if (known.size < 4096) known.set(eventType, index)
  return index
}
