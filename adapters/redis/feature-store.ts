import { Redis } from '@upstash/redis/cloudflare'
import type { Shelf } from '../../core/features/store/port.ts'
import type { UpstashSettings } from '../../core/features/store/settings.ts'
import { err, ok } from '../../core/result.ts'

/** Vectors in Upstash Redis over its REST API: one request for however many keys. */
export function upstashShelf({ url, token }: UpstashSettings): Shelf {
  const redis = new StoreRedis(url, token)
  return {
    backend: 'upstash',
    async get(keys, signal) {
      const pipeline = redis.pipeline()
      for (const key of keys) pipeline.get<string>(key)
      const answers = await redis.until(signal, () => pipeline.exec<(string | null)[]>({ keepErrors: true }))
      return answers.map(({ result, error }) => {
        if (error !== undefined) return err(String(error))
        return typeof result === 'string' || result === null ? ok(result) : err('the answer is no text')
      })
    },
    async set(entries, ttlS, signal) {
      const pipeline = redis.pipeline()
      for (const { key, value } of entries) pipeline.set(key, value, { ex: ttlS })
      const answers = await redis.until(signal, () => pipeline.exec<string[]>({ keepErrors: true }))
      return answers.map(({ result, error }) =>
        error === undefined && result === 'OK' ? null : String(error ?? result),
      )
    },
    async size(signal) {
      const [entries, info] = await Promise.all([
        redis.until(signal, () => redis.dbsize()),
        // Not every database tells it: then its memory is not known.
        redis.until(signal, () => redis.info()).catch(() => ''),
      ])
      const memory = /^used_memory:(\d+)/m.exec(info)
      return { entries, memoryBytes: memory ? Number(memory[1]) : null }
    },
  }
}

class StoreRedis extends Redis {
  #signal: () => AbortSignal | undefined

  constructor(url: string, token: string) {
    let signal = (): AbortSignal | undefined => undefined
    super({
      url,
      token,
      // A pipeline takes none of its own; see `until`.
      signal: () => signal()!,
      // One attempt: who reads has a partition to ask, and a write comes again by itself.
      retry: { retries: 0 },
      enableTelemetry: false,
      enableAutoPipelining: false,
      automaticDeserialization: false,
      readYourWrites: false,
    })
    this.#signal = () => undefined
    signal = () => this.#signal()
  }

  /** Begins a request that `signal` ends: the client asks for its signal before it first waits. */
  until<Value>(signal: AbortSignal, begin: () => Promise<Value>): Promise<Value> {
    this.#signal = () => signal
    const begun = begin()
    this.#signal = () => undefined
    return begun
  }

  async info(): Promise<string> {
    const { result } = await this.client.request<string>({ body: ['INFO', 'memory'] })
    return String(result ?? '')
  }
}
