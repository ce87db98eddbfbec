import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** The server's answer to a batch (contract, "Ingest"). */
export interface IngestAnswer {
  accepted: number
  duplicates: number
  rejected: { index: number; reason: string }[]
  /** Set when not one line of the batch could be read, and the server did not say why line by line. */
  unreadable?: string
}

/** A request's outcome that ends the replay: the same batch would be refused again. */
export class ServerRefusal extends Error {}

export interface Destination {
  /** Base address of the app, without a closing slash. */
  url: string
  key: string
  /** Format named by the user; absent: the server finds it. */
  format?: string
}

export interface SenderOptions {
  fetch: typeof fetch
  /** Waits, in ms. */
  wait: (ms: number) => Promise<unknown>
  now: () => number
  /** Gives up when nothing has been answered for this long, ms. */
  giveUpAfterMs: number
  /** The same, before the first answer: the app is probably not running. */
  giveUpFirstAfterMs: number
  /** Told of each wait: why, and for how long. */
  onWait: (why: string, ms: number) => void
}

export interface Parcel {
  body: Buffer
  /** Names the batch: sent again, the server knows it. */
  idempotencyKey: string
  /** Names the file or feed. */
  stream: string
}

const gzipped = promisify(gzip)

/** Posts batches one at a time, each until the server has answered for it. */
export class Sender {
  readonly #to: Destination
  readonly #options: SenderOptions
  #answered = false

  constructor(to: Destination, options: SenderOptions) {
    this.#to = to
    this.#options = options
  }

  /**
   * Posts one batch. A lost connection, a 5xx or a 429 is tried again with the same key, so nothing is stored twice.
   * Throws ServerRefusal on what would be refused again, and when the time to give up has come.
   */
  async send(parcel: Parcel): Promise<IngestAnswer> {
    const { wait, now, giveUpAfterMs, giveUpFirstAfterMs, onWait } = this.#options
    const body = await gzipped(parcel.body, { level: 4 })
    let backoffMs = 250
    let failingSince: number | null = null
    for (;;) {
      const outcome = await this.#post(parcel, body)
      if (outcome.tag === 'answer') {
        this.#answered = true
        return outcome.answer
      }
      if (outcome.tag === 'later') {
        this.#answered = true
        onWait(outcome.why, outcome.waitMs)
        await wait(outcome.waitMs)
        failingSince = null
        continue
      }
      failingSince ??= now()
      const patience = this.#answered ? giveUpAfterMs : giveUpFirstAfterMs
      if (now() - failingSince + backoffMs > patience) {
        throw new ServerRefusal(`gave up after ${Math.round(patience / 1000)} s without an answer: ${outcome.why}`)
      }
      onWait(outcome.why, backoffMs)
      await wait(backoffMs)
      backoffMs = Math.min(backoffMs * 2, 5_000)
    }
  }

  async #post(parcel: Parcel, body: Buffer): Promise<Outcome> {
    const { url, key, format } = this.#to
    let response: Response
    let text: string
    try {
      response = await this.#options.fetch(`${url}/v1/events${format ? `?format=${encodeURIComponent(format)}` : ''}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/x-ndjson',
          'content-encoding': 'gzip',
          'idempotency-key': parcel.idempotencyKey,
          'x-picket-stream': parcel.stream,
        },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(60_000),
      })
      text = await response.text()
    } catch (error) {
      return { tag: 'lost', why: connectionFailure(error) }
    }
    return outcomeOf(response, text, this.#options.now())
  }
}

type Outcome =
  | { tag: 'answer'; answer: IngestAnswer }
  | { tag: 'later'; why: string; waitMs: number }
  | { tag: 'lost'; why: string }

function outcomeOf(response: Response, text: string, now: number): Outcome {
  const { status } = response
  if (status === 429) {
    return { tag: 'later', why: 'the server asks to wait (429)', waitMs: retryAfterMs(response, now) }
  }
  if (status >= 500) return { tag: 'lost', why: `the server answered ${status}${titleOf(text)}` }
  const answer = parse(text)
  if (status === 202 && isAnswer(answer)) return { tag: 'answer', answer }
  // Nothing readable in this batch; the next may be.
  if (status === 400) return { tag: 'answer', answer: nothingReadable(answer, text) }
  if (status === 401) throw new ServerRefusal(`the sensor key is not known to the server (401)${titleOf(text)}`)
  throw new ServerRefusal(`the server answered ${status}${titleOf(text)}`)
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); 1 s without either, at most 10 minutes. */
function retryAfterMs(response: Response, now: number): number {
  const header = response.headers.get('retry-after') ?? ''
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 600_000) : 1_000
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isAnswer(value: unknown): value is IngestAnswer {
  const answer = value as Partial<IngestAnswer> | null
  return typeof answer?.accepted === 'number' && typeof answer.duplicates === 'number' && Array.isArray(answer.rejected)
}

function nothingReadable(answer: unknown, text: string): IngestAnswer {
  const { rejected } = (answer ?? {}) as Partial<IngestAnswer>
  if (Array.isArray(rejected) && rejected.length > 0) return { accepted: 0, duplicates: 0, rejected }
  return { accepted: 0, duplicates: 0, rejected: [], unreadable: `the server answered 400${titleOf(text)}` }
}

/** The words of a problem document (RFC 9457), or the beginning of any other text. */
function titleOf(text: string): string {
  const problem = parse(text) as { title?: unknown; detail?: unknown } | null
  const words = [problem?.title, problem?.detail].filter((word) => typeof word === 'string').join(': ')
  const told = words || text.slice(0, 200).trim()
  return told ? `: ${told}` : ''
}

function connectionFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause as { code?: string; message?: string } | undefined
  return `no answer (${cause?.code || cause?.message || error.message})`
}
