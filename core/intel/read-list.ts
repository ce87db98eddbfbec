import { err, ok, type Result } from '../result.ts'
import type { EpochMs } from '../time.ts'
import { LIST_FORMATS, type ListFormatName } from './formats/formats.ts'
import { type Reading, type Scale, shown } from './indicator.ts'
import { ListBuilder, type ListCounts } from './list-builder.ts'
import type { ListTables } from './list-file.ts'
import type { Range } from './own-ranges.ts'

/** A list is read as it comes, so its size costs time and no memory; a document must lie in memory as a whole. */
export const MOST_LIST_BYTES = 256 * 1024 * 1024
export const MOST_DOCUMENT_BYTES = 24 * 1024 * 1024
const LONGEST_LINE = 64 * 1024

export interface ReadOptions {
  format: ListFormatName
  scale: Scale
  own: readonly Range[]
  isAllowList: boolean
  /** Loads what is left when entries are refused; otherwise one refused entry refuses the list. */
  leaveOutRefused: boolean
  now: EpochMs
}

export interface ReadList {
  tables: ListTables
  counts: ListCounts
  /** In the user's words, at most five each. */
  refusedExamples: string[]
  unreadableExamples: string[]
  bytes: number
}

/** Why a list is not loaded; `why` is for the user and quotes the list where that helps. */
export interface ListRefusal {
  tag: 'html' | 'too-large' | 'too-many' | 'not-the-format' | 'mostly-unreadable' | 'refused-entries' | 'empty'
  why: string
}

/** Reads a list. Bytes that do not come reject; what comes and is no list is refused by name. */
export async function readList(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): Promise<Result<ReadList, ListRefusal>> {
  const format = LIST_FORMATS[options.format]
  const builder = new ListBuilder(options)
  const source = textOf(chunks, format.form === 'lines' ? MOST_LIST_BYTES : MOST_DOCUMENT_BYTES)
  const failed =
    format.form === 'lines'
      ? await readLines(source, format.reader(options.scale), builder)
      : await readDocument(source, format.read, builder)
  if (failed) return err(failed)
  return conclude(builder, source.bytes, options)
}

interface Text {
  bytes: number
  parts(): AsyncGenerator<string, ListRefusal | undefined>
}

/** Text as it comes, until it is more than a list may be or begins like a web page. */
function textOf(chunks: AsyncIterable<Uint8Array>, most: number): Text {
  const text: Text = {
    bytes: 0,
    async *parts() {
      const decoder = new TextDecoder()
      let isBegun = false
      for await (const chunk of chunks) {
        text.bytes += chunk.length
        if (text.bytes > most) return refusal('too-large', `it is larger than ${most / 1024 / 1024} MiB`)
        const part = decoder.decode(chunk, { stream: true })
        if (!isBegun && part.trim() !== '') {
          isBegun = true
          if (part.trimStart().startsWith('<'))
            return refusal(
              'html',
              `it is a web page or XML, not a list; it begins "${shown(part.trim().slice(0, 60))}"`,
            )
        }
        yield part
      }
      yield decoder.decode()
      return undefined
    },
  }
  return text
}

async function readLines(
  source: Text,
  read: (line: string) => Reading,
  builder: ListBuilder,
): Promise<ListRefusal | undefined> {
  let rest = ''
  let number = 0
  const take = (line: string): ListRefusal | undefined => {
    number++
    note(
      builder,
      line.length > LONGEST_LINE ? { tag: 'unreadable', why: 'a line of over 64 KiB' } : read(line),
      `line ${number}`,
    )
    if (builder.isFull())
      return refusal('too-many', `it holds more entries than a list may (stopped at line ${number})`)
    // A file of another kind is known by its beginning; reading on would only cost time.
    if (number === 2_000 && builder.unreadable > 1_000) return mostlyUnreadable(builder)
    return undefined
  }
  const parts = source.parts()
  for (;;) {
    const { done, value } = await parts.next()
    if (done) {
      if (value) return value
      break
    }
    const lines = (rest + value).split(/\r?\n/)
    rest = lines.pop()!
    if (rest.length > 2 * LONGEST_LINE) rest = rest.slice(0, LONGEST_LINE + 1)
    for (const line of lines) {
      const failed = take(line)
      if (failed) {
        await parts.return(undefined)
        return failed
      }
    }
  }
  return rest === '' ? undefined : take(rest)
}

async function readDocument(
  source: Text,
  read: (document: unknown) => Reading[] | string,
  builder: ListBuilder,
): Promise<ListRefusal | undefined> {
  const gathered: string[] = []
  const parts = source.parts()
  for (;;) {
    const { done, value } = await parts.next()
    if (!done) gathered.push(value)
    else if (value) return value
    else break
  }
  let document: unknown
  try {
    document = JSON.parse(gathered.join(''))
  } catch (error) {
    return refusal('not-the-format', `it is not JSON: ${(error as Error).message.slice(0, 120)}`)
  }
  const readings = read(document)
  if (typeof readings === 'string') return refusal('not-the-format', `it ${readings}`)
  for (const [i, reading] of readings.entries()) {
    note(builder, reading, `entry ${i + 1}`)
    if (builder.isFull())
      return refusal('too-many', `it holds more entries than a list may (stopped at entry ${i + 1})`)
  }
  return undefined
}

function note(builder: ListBuilder, reading: Reading, where: string): void {
  if (reading === null) return
  if (reading.tag === 'unreadable') builder.noteUnreadable(reading.why, where)
  else builder.add(reading, where)
}

function conclude(builder: ListBuilder, bytes: number, options: ReadOptions): Result<ReadList, ListRefusal> {
  if (builder.unreadable * 2 > builder.entries) return err(mostlyUnreadable(builder))
  const { refusedExamples, unreadableExamples } = builder
  if (builder.refused > 0 && !options.leaveOutRefused) {
    const what = `it lists what no list may: ${refusedExamples.join('; ')}`
    const more = builder.refused > refusedExamples.length ? ` and ${builder.refused - refusedExamples.length} more` : ''
    return err(refusal('refused-entries', what + more))
  }
  const { tables, counts } = builder.finish()
  if (counts.addresses + counts.ranges + counts.domains + counts.ja3 === 0)
    return err(refusal('empty', builder.entries === 0 ? 'it holds no entry' : 'none of its entries is valid now'))
  return ok({ tables, counts, refusedExamples, unreadableExamples, bytes })
}

const mostlyUnreadable = (builder: ListBuilder): ListRefusal =>
  refusal(
    'mostly-unreadable',
    `${builder.unreadable} of its first ${builder.entries} entries cannot be read, for example ${builder.unreadableExamples.slice(0, 3).join('; ')}`,
  )

const refusal = (tag: ListRefusal['tag'], why: string): ListRefusal => ({ tag, why })
