/** SQLite parameters end at 2 MB (D1 and Durable Objects); rows travel as JSON in parts well under that. */
const PART_BYTES = 900_000
const NOT_ASCII = /[^\0-\x7f]/
/** UTF-8 bytes, at most. */
const bytesOf = (text: string): number => (NOT_ASCII.test(text) ? 3 * text.length : text.length)

/** Rows as JSON arrays, each short enough for one parameter; in order, and none for no rows. */
export function jsonParts(rows: readonly unknown[]): string[] {
  const written: string[] = []
  let part: string[] = []
  let bytes = 0
  for (const row of rows) {
    const text = JSON.stringify(row)
    const size = bytesOf(text)
    if (bytes + size > PART_BYTES && part.length > 0) {
      written.push(`[${part.join(',')}]`)
      part = []
      bytes = 0
    }
    part.push(text)
    bytes += size + 1
  }
  if (part.length > 0) written.push(`[${part.join(',')}]`)
  return written
}
