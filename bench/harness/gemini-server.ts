import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A judge that always finds a threat in its first event; tokens as a case of the demo has them. */
const ANSWER = {
  candidates: [
    {
      finishReason: 'STOP',
      content: {
        parts: [
          {
            text: JSON.stringify({
              reasoning: 'E1 is a failed log-in among many.',
              verdict: 'THREAT',
              threat_class: null,
              confidence: 0.9,
              citations: [{ evidence: 1, says: 'A log-in that failed', facts: [] }],
              actions: [],
              more_events: null,
            }),
          },
        ],
      },
    },
  ],
  usageMetadata: { promptTokenCount: 3_000, candidatesTokenCount: 200 },
}

export interface GeminiServer {
  origin: string
  readonly calls: number
  /** Calls under way at one time, at the most. */
  readonly mostAtOnce: number
}

/** Runs a server on this machine that answers as Gemini documents `generateContent`, each call after `takesMs`. */
export async function withGemini<Value>(
  takesMs: number,
  work: (server: GeminiServer) => Promise<Value>,
): Promise<Value> {
  let calls = 0
  let open = 0
  let mostAtOnce = 0
  const server = createServer(async (request, response) => {
    calls++
    open++
    mostAtOnce = Math.max(mostAtOnce, open)
    request.resume()
    await wait(takesMs)
    open--
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(ANSWER))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await work({
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      get calls() {
        return calls
      },
      get mostAtOnce() {
        return mostAtOnce
      },
    })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
