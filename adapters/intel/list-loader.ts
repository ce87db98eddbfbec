import type { ListDefinition } from '../../core/intel/list-definition.ts'
import { listIdOf } from '../../core/intel/list-definition.ts'
import { encodeList } from '../../core/intel/list-file.ts'
import type { Range } from '../../core/intel/own-ranges.ts'
import { type ListRefusal, type ReadList, readList } from '../../core/intel/read-list.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Clock, EpochMs } from '../../core/time.ts'
import type { By, IntelListRow, IntelListStore } from '../d1/intel-list-store.ts'
import type { ListObjects } from '../r2/list-objects.ts'
import { listBody } from './list-body.ts'

const DAY_MS = 24 * 3_600_000
const FETCH_MS = 120_000
/** All lists together lie in the memory of each isolate that judges. */
export const MOST_BYTES_TOGETHER = 32 * 1024 * 1024
/** An object that no row names is kept so long: its row may be about to be written. */
const ORPHANED_MS = 3_600_000

export interface ListLoaderParts {
  store: IntelListStore
  objects: ListObjects
  fetch: typeof fetch
  clock: Clock
  own: readonly Range[]
}

export type LoadRefusal =
  | ListRefusal
  | { tag: 'not-fetched'; why: string }
  | { tag: 'too-much-together'; why: string }
  | { tag: 'no-body'; why: string }

export interface Refreshed {
  id: string
  name: string
  outcome: 'loaded' | 'unchanged' | 'failed' | 'no-url'
  error: string | null
}

interface Fetched {
  body: ReadableStream<Uint8Array> | null
  isUnchanged: boolean
  etag: string | null
  lastModified: string | null
}

/**
 * Loads lists: entries to R2 first, then the row that names them. Whatever dies in between leaves the old list in force and
 * at most an object that nobody names, which `refreshDue` sweeps.
 */
export class ListLoader {
  readonly #parts: ListLoaderParts

  constructor(parts: ListLoaderParts) {
    this.#parts = parts
  }

  /** Loads a list from its bytes, or from its URL where there are none. */
  async add(
    definition: ListDefinition,
    body: ReadableStream<Uint8Array> | null,
    by: By,
  ): Promise<Result<IntelListRow, LoadRefusal>> {
    const { url } = definition
    if (body === null && url === undefined) return err({ tag: 'no-body', why: 'send the list, or name its url' })
    const fetched = body === null ? await this.#fetch(url!, null) : handedOver(body)
    if (!fetched.ok) return fetched
    const id = listIdOf(definition.name)
    const read = await this.#read(definition, fetched.value.body!)
    if (!read.ok) return read
    const stored = await this.#store(id, read.value)
    if (!stored.ok) return stored
    const now = this.#parts.clock()
    const asOf = definition.as_of === undefined ? null : Date.parse(definition.as_of)
    // What opens nothing is the user's decision, which does not grow old.
    const maxAgeDays = definition.kind === 'allow-list' ? null : definition.max_age_days
    const row: IntelListRow = {
      id,
      name: definition.name,
      kind: definition.kind,
      format: definition.format,
      scale: definition.scale,
      weight: definition.weight,
      licence: definition.licence ?? null,
      url: url ?? null,
      refresh_minutes: url === undefined ? null : definition.refresh_minutes,
      leave_out_refused: definition.leave_out_refused,
      max_age_days: maxAgeDays,
      last_error: null,
      ...stored.value,
      ...times(fetched.value, now, asOf, maxAgeDays),
    }
    await this.#parts.store.put(row, by)
    return ok(row)
  }

  /** Fetches a list again. The old entries stay in force until the new ones are stored; a failure is noted with the list. */
  async refresh(row: IntelListRow, by: By): Promise<Refreshed> {
    const { id, name, url } = row
    if (url === null) return { id, name, outcome: 'no-url', error: null }
    const failed = async (error: string): Promise<Refreshed> => {
      await this.#parts.store.note(id, { checked_at: this.#parts.clock(), last_error: error })
      return { id, name, outcome: 'failed', error }
    }
    const fetched = await this.#fetch(url, row)
    if (!fetched.ok) return failed(fetched.error.why)
    const now = this.#parts.clock()
    const when = times(fetched.value, now, null, row.max_age_days)
    if (fetched.value.isUnchanged) {
      await this.#parts.store.note(id, { checked_at: now, expires_at: when.expires_at, last_error: null })
      return { id, name, outcome: 'unchanged', error: null }
    }
    const read = await this.#read(row, fetched.value.body!)
    if (!read.ok) return failed(read.error.why)
    const stored = await this.#store(id, read.value)
    if (!stored.ok) return failed(stored.error.why)
    const isWritten = await this.#parts.store.replace(row, { ...stored.value, ...when, last_error: null }, by)
    return isWritten
      ? { id, name, outcome: 'loaded', error: null }
      : { id, name, outcome: 'failed', error: 'it was removed or replaced meanwhile' }
  }

  /** Refreshes the lists whose time has come, one after another, and sweeps what nobody names. */
  async refreshDue(): Promise<Refreshed[]> {
    const { store, objects, clock } = this.#parts
    const refreshed: Refreshed[] = []
    for (const row of await store.all()) {
      const isDue = row.refresh_minutes !== null && row.checked_at + row.refresh_minutes * 60_000 <= clock()
      if (isDue) refreshed.push(await this.refresh(row, { actor: 'picket', at: clock() }))
    }
    const used = new Set((await store.all()).map(({ object_key }) => object_key))
    await objects.sweep(used, clock() - ORPHANED_MS)
    return refreshed
  }

  async #read(
    { format, scale, kind, leave_out_refused }: Pick<IntelListRow, 'format' | 'scale' | 'kind' | 'leave_out_refused'>,
    body: ReadableStream<Uint8Array>,
  ): Promise<Result<ReadList, LoadRefusal>> {
    try {
      return await readList(listBody(body), {
        format,
        scale,
        own: this.#parts.own,
        isAllowList: kind === 'allow-list',
        leaveOutRefused: leave_out_refused,
        now: this.#parts.clock(),
      })
    } catch (error) {
      return err({ tag: 'not-fetched', why: `it broke off: ${messageOf(error)}` })
    }
  }

  async #store(id: string, { tables, counts, refusedExamples, unreadableExamples }: ReadList) {
    const file = encodeList(tables)
    const others = (await this.#parts.store.all()).filter((row) => row.id !== id)
    const together = others.reduce((sum, { bytes }) => sum + bytes, file.length)
    if (together > MOST_BYTES_TOGETHER) {
      const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)
      const why = `with it all lists would take ${mib(together)} MiB of memory; ${mib(MOST_BYTES_TOGETHER)} are allowed`
      return err({ tag: 'too-much-together' as const, why })
    }
    const object_key = await this.#parts.objects.put(id, file)
    return ok({ object_key, bytes: file.length, counts, examples: [...refusedExamples, ...unreadableExamples] })
  }

  async #fetch(url: string, known: IntelListRow | null): Promise<Result<Fetched, LoadRefusal>> {
    const headers: Record<string, string> = { 'User-Agent': 'picket' }
    if (known?.etag) headers['If-None-Match'] = known.etag
    else if (known?.last_modified) headers['If-Modified-Since'] = known.last_modified
    try {
      const { fetch } = this.#parts
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(FETCH_MS) })
      const { status, body } = response
      const etag = response.headers.get('ETag')
      const lastModified = response.headers.get('Last-Modified')
      if (status === 304 && known !== null) return ok({ body: null, isUnchanged: true, etag, lastModified })
      if (status === 200 && body !== null) return ok({ body, isUnchanged: false, etag, lastModified })
      await body?.cancel()
      return err({ tag: 'not-fetched', why: `${url} answered ${status}` })
    } catch (error) {
      return err({ tag: 'not-fetched', why: `${url} does not answer: ${messageOf(error)}` })
    }
  }
}

const handedOver = (body: ReadableStream<Uint8Array>): Result<Fetched, LoadRefusal> =>
  ok({ body, isUnchanged: false, etag: null, lastModified: null })

/** What was served now was true when it was last changed, and holds from now for its greatest age. */
function times({ etag, lastModified }: Fetched, now: EpochMs, told: EpochMs | null, maxAgeDays: number | null) {
  const changed = lastModified === null ? Number.NaN : Date.parse(lastModified)
  const as_of = Math.min(now, told ?? (Number.isNaN(changed) ? now : changed))
  const from = told === null ? now : as_of
  const expires_at = maxAgeDays === null ? null : Math.round(from + maxAgeDays * DAY_MS)
  return { as_of, expires_at, loaded_at: now, checked_at: now, etag, last_modified: lastModified }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
