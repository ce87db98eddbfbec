import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a service's stand-in received. */
export interface Received {
  /** Path and query. */
  target: string
  headers: IncomingMessage['headers']
}

/** A real HTTP server on this machine that answers as told, in the place of a service outside. */
export interface ProviderServer {
  origin: string
  received: Received[]
  /** The next answers, until told otherwise. */
  answerWith(answer: (response: ServerResponse, request: IncomingMessage) => void): void
  stop(): Promise<void>
}

export async function providerServer(): Promise<ProviderServer> {
  const received: Received[] = []
  let answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => response.end()
  const server = createServer((request, response) => {
    received.push({ target: request.url ?? '', headers: request.headers })
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answerWith: (next) => {
      answer = next
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
