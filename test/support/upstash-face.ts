import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { RedisConnection, type Reply, ReplyError } from './redis-server.ts'

/** What the face does instead of answering. */
export type Fault = 'hang' | 'reset' | 'html' | 'not-json' | 'short' | 'error-500' | null

/**
 * Upstash's REST protocol in front of a redis-server (Upstash docs, "REST API"): a command to `/`, many to `/pipeline` and
 * `/multi-exec`; Bearer token, 401 without it; a command's error is 400 at `/` and its own entry in a pipeline; with
 * `Upstash-Encoding: base64` every text but a top-level OK is base64.
 */
export class UpstashFace {
  readonly token: string
  fault: Fault = null
  /** Requests that came, whatever became of them. */
  requests = 0
  readonly #redisPort: number
  readonly #server: http.Server
  #connection: RedisConnection | null = null

  private constructor(redisPort: number, token: string) {
    this.#redisPort = redisPort
    this.token = token
    this.#server = http.createServer((request, response) => {
      this.#answer(request, response).catch((error) => {
        response.writeHead(502, { 'Content-Type': 'application/json' })
        response.end(JSON.stringify({ error: `ERR no database: ${error instanceof Error ? error.message : error}` }))
      })
    })
  }

  static async start(redisPort: number, token = 'a token for tests'.replaceAll(' ', '-')): Promise<UpstashFace> {
    const face = new UpstashFace(redisPort, token)
    await new Promise<void>((resolve) => face.#server.listen(0, '127.0.0.1', resolve))
    return face
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#connection?.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.requests++
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (this.fault !== null) return fail(this.fault, request, response)
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return send(401, { error: 'WRONGPASS invalid or missing auth token' })
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    const encode = request.headers['upstash-encoding'] === 'base64' ? encoded : plain
    if (request.url === '/') {
      const [reply] = await this.#run([body as string[]])
      return reply instanceof ReplyError ? send(400, { error: reply.message }) : send(200, { result: encode(reply!) })
    }
    const commands = body as string[][]
    const isTransaction = request.url === '/multi-exec'
    if (!isTransaction && request.url !== '/pipeline') return send(404, { error: 'ERR no such path' })
    const replies = isTransaction
      ? ((await this.#run([['MULTI'], ...commands, ['EXEC']])).at(-1) as Reply[])
      : await this.#run(commands)
    send(
      200,
      replies.map((reply) => (reply instanceof ReplyError ? { error: reply.message } : { result: encode(reply) })),
    )
  }

  #run(commands: readonly string[][]): Promise<Reply[]> {
    if (!this.#connection?.isOpen) this.#connection = new RedisConnection(this.#redisPort)
    return this.#connection.pipeline(commands)
  }
}

function fail(fault: NonNullable<Fault>, request: http.IncomingMessage, response: http.ServerResponse): void {
  switch (fault) {
    case 'hang':
      return
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'html':
      response.writeHead(200, { 'Content-Type': 'text/html' })
      response.end('<html><body>Welcome to the captive portal</body></html>')
      return
    case 'not-json':
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end('null')
      return
    case 'short':
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end('[]')
      return
    case 'error-500':
      response.writeHead(500, { 'Content-Type': 'application/json' })
      response.end('{"error":"ERR internal"}')
  }
}

const plain = (reply: Reply): unknown => (Array.isArray(reply) ? reply.map(plain) : reply)

function encoded(reply: Reply): unknown {
  return reply === 'OK' ? reply : inside(reply)
}

function inside(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(inside)
  return typeof reply === 'string' ? Buffer.from(reply).toString('base64') : reply
}
