import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface SeenRequest {
  path: string
  headers: http.IncomingHttpHeaders
  body: Buffer
  lines: string[]
}

export type Step =
  | 'answer'
  /** Stores the batch and drops the connection before the answer. */
  | 'store-and-drop'
  /** Drops the connection before anything is stored. */
  | 'drop'
  | { status: number; headers?: Record<string, string>; body?: unknown }

/**
 * Answers POST /v1/events as the contract says, in memory: a batch is known by its Idempotency-Key, a line that begins
 * with `bad` is rejected, a `#` line is a header. `steps` says what happens to the first requests; then all is well.
 */
export class StandInServer {
  readonly requests: SeenRequest[] = []
  /** Lines stored, in order: a line that is here twice was stored twice. */
  readonly stored: string[] = []
  readonly #batches = new Set<string>()
  readonly #steps: Step[]
  readonly #server: http.Server

  constructor(steps: Step[] = []) {
    this.#steps = [...steps]
    this.#server = http.createServer((request, response) => void this.#handle(request, response))
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = gunzipSync(Buffer.concat(chunks))
    const lines = body.toString('utf8').split('\n')
    if (lines.at(-1) === '') lines.pop()
    this.requests.push({ path: request.url ?? '', headers: request.headers, body, lines })
    const step = this.#steps.shift() ?? 'answer'
    if (typeof step === 'object') {
      response.writeHead(step.status, step.headers).end(JSON.stringify(step.body ?? {}))
      return
    }
    if (step === 'drop') return void request.socket.destroy()
    const answer = this.#store(String(request.headers['idempotency-key']), lines)
    if (step === 'store-and-drop') return void request.socket.destroy()
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  #store(batch: string, lines: string[]) {
    const rejected = lines.flatMap((line, index) =>
      line.startsWith('bad') ? [{ index, reason: `cannot read ${line}` }] : [],
    )
    const good = lines.filter((line) => !line.startsWith('bad') && !line.startsWith('#'))
    const known = this.#batches.has(batch)
    this.#batches.add(batch)
    if (!known) this.stored.push(...good)
    return { accepted: known ? 0 : good.length, duplicates: known ? good.length : 0, rejected, batch }
  }
}
