import type { Context } from 'hono'
import type { ClientErrorStatusCode, ServerErrorStatusCode } from 'hono/utils/http-status'

/** One kind of refusal: its HTTP status, and a title that is the same each time it occurs. */
interface ProblemKind {
  status: ClientErrorStatusCode | ServerErrorStatusCode
  title: string
  headers?: Record<string, string>
}

const BEARER = { 'WWW-Authenticate': 'Bearer realm="Picket"' }

/**
 * Every refusal that Picket answers over HTTP. A new one is a row here; a tag without a row does not compile.
 * Rows are grouped by the route that refuses. A title tells a stranger nothing that the status does not.
 */
export const PROBLEMS = {
  // any route
  'not-found': { status: 404, title: 'Nothing is at this address' },
  unauthenticated: { status: 401, title: 'Log in, or send a valid token', headers: BEARER },
  forbidden: { status: 403, title: 'Your role does not allow this' },
  'invalid-input': { status: 400, title: 'The request is not in the expected form' },
  unavailable: { status: 503, title: 'A part that this needs does not answer' },
  'cross-site-request': { status: 403, title: 'The request does not come from a page of Picket' },
  'internal-error': { status: 500, title: 'Picket failed at this; the log of the worker says how' },
  // incidents
  'no-such-incident': { status: 404, title: 'No incident has this id' },
  'no-such-user': { status: 400, title: 'No user has this name' },
  'contained-needs-receipt': {
    status: 409,
    title: 'An incident is contained when what enforced it gave a receipt, and only then',
  },
  'class-contradicts-verdict': {
    status: 400,
    title: 'A false positive is of the class Normal, and what was found right is of another',
  },
  // the council
  'case-runs': { status: 409, title: 'A case of this incident runs' },
  'case-over': { status: 409, title: 'The case is over' },
  'no-case': { status: 409, title: 'The incident has no case' },
  'newer-case': { status: 409, title: 'There is a newer case than the one that was seen' },
  // threat intelligence
  'no-such-list': { status: 404, title: 'No list has this id' },
  'list-refused': { status: 422, title: 'The list is not loaded' },
  'list-not-fetched': { status: 502, title: 'The list did not come from its address' },
  // learning
  'training-goes-on': { status: 409, title: 'A run of the trainer goes on, and runs never overlap' },
  'no-training': { status: 409, title: 'No run of the trainer goes on' },
  // ingest
  'unknown-sensor-key': { status: 401, title: 'No sensor has this key', headers: BEARER },
  'bad-signature': { status: 401, title: 'The signature of the request does not hold', headers: BEARER },
  'unknown-format': { status: 400, title: 'Picket has no parser of this name' },
  'stream-name-too-long': { status: 400, title: 'X-Picket-Stream holds more than 200 characters' },
  'batch-name-too-long': { status: 400, title: 'Idempotency-Key holds more than 200 characters' },
  'nothing-readable': { status: 400, title: 'No line of the body could be read' },
  'broken-encoding': { status: 400, title: 'The body is not what its Content-Encoding says' },
  'unknown-encoding': { status: 415, title: 'The Content-Encoding is not one of gzip, deflate, identity' },
  'body-too-large': { status: 413, title: 'The body is larger than a batch may be' },
  'too-many-events': { status: 413, title: 'The batch holds more events than it may' },
  'rate-limited': { status: 429, title: 'The sensor sends more than its rate limit allows' },
} as const satisfies Record<string, ProblemKind>

export type RefusalTag = keyof typeof PROBLEMS

/** A refusal of one request. */
export interface Refusal {
  tag: RefusalTag
  /** What is wrong with this very request, for its sender. Never a secret, never more than a line of what was sent. */
  detail?: string
  /** Sent as Retry-After, in whole seconds. */
  retryAfterS?: number
  /** Further members of the problem document, such as per-line reasons. */
  more?: Record<string, unknown>
}

/** Answers a refusal as a problem document (RFC 9457, `application/problem+json`). */
export function problem(c: Context, refusal: Refusal): Response {
  const kind: ProblemKind = PROBLEMS[refusal.tag]
  const document = {
    ...refusal.more,
    type: `urn:problem-type:picket:${refusal.tag}`,
    title: kind.title,
    status: kind.status,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
  }
  const headers: Record<string, string> = { ...kind.headers, 'Content-Type': 'application/problem+json' }
  if (refusal.retryAfterS !== undefined) headers['Retry-After'] = String(Math.max(1, Math.ceil(refusal.retryAfterS)))
  return c.body(JSON.stringify(document), kind.status, headers)
}
