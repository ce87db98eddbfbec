import type { KeyTable } from './key-table.ts'

/**
 * A loaded list as it is stored: the tables as they lie in memory. Little-endian 32-bit words: magic, format, then for
 * each table in the order below five words (words a key, keys, columns present, shared score, 0), then the columns of
 * each table, each filled up to a whole word.
 */
export const TABLES = ['v4', 'v4Ranges', 'v6Ranges', 'domains', 'ja3'] as const
export type TableName = (typeof TABLES)[number]
export type ListTables = Record<TableName, KeyTable | null>

const MAGIC = 0x4c494b50
const FORMAT = 1
const HEADER = 2 + TABLES.length * 5

const LAST = 1
const SCORES = 2
const FROM = 4
const UNTIL = 8

export function encodeList(tables: ListTables): Uint8Array<ArrayBuffer> {
  const header = new Uint32Array(HEADER)
  header.set([MAGIC, FORMAT])
  const columns: (Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>)[] = [header]
  TABLES.forEach((name, i) => {
    const table = tables[name]
    if (table === null) return
    const { words, count, first, last, scores, score, from, until } = table
    const present = (last ? LAST : 0) | (scores ? SCORES : 0) | (from ? FROM : 0) | (until ? UNTIL : 0)
    header.set([words, count, present, score], 2 + i * 5)
    columns.push(first, ...[last, scores, from, until].filter((column) => column !== null))
  })
  const file = new Uint8Array(columns.reduce((sum, { byteLength }) => sum + wholeWords(byteLength), 0))
  let at = 0
  for (const { buffer, byteOffset, byteLength } of columns) {
    file.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += wholeWords(byteLength)
  }
  return file
}

/** Views of the buffer, no copies. Throws on anything that `encodeList` of this version did not write. */
export function decodeList(buffer: ArrayBuffer): ListTables {
  if (buffer.byteLength < HEADER * 4) throw new Error('not a stored list')
  const header = new Uint32Array(buffer, 0, HEADER)
  if (header[0] !== MAGIC || header[1] !== FORMAT) throw new Error('not a stored list of this version')
  let at = HEADER * 4
  const take = (bytes: number): [ArrayBuffer, number, number] => {
    const place: [ArrayBuffer, number, number] = [buffer, at, bytes]
    at += wholeWords(bytes)
    if (at > buffer.byteLength) throw new Error('a stored list is cut short')
    return place
  }
  const words = (count: number) => {
    const [from, offset] = take(count * 4)
    return new Uint32Array(from, offset, count)
  }
  const bytes = (count: number) => new Uint8Array(...take(count))
  const tables = {} as ListTables
  TABLES.forEach((name, i) => {
    const [keyWords = 0, count = 0, present = 0, score = 0] = header.subarray(2 + i * 5)
    tables[name] =
      count === 0
        ? null
        : {
            words: keyWords as 1 | 2,
            count,
            score,
            first: words(count * keyWords),
            last: present & LAST ? words(count * keyWords) : null,
            scores: present & SCORES ? bytes(count) : null,
            from: present & FROM ? words(count) : null,
            until: present & UNTIL ? words(count) : null,
          }
  })
  return tables
}

const wholeWords = (bytes: number): number => Math.ceil(bytes / 4) * 4
