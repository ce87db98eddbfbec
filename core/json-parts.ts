/** SQLite parameters end at 2 MB (D1 and Durable Objects); rows travel as JSON in parts well under that. */
const PART_CHARACTERS = 900_000

/** Rows as JSON arrays, each short enough for one parameter; in order, and none for no rows. */
export function jsonParts(rows: readonly unknown[]): string[] {
  const written: string[] = []
  let part: string[] = []
  let characters = 0
  for (const row of rows) {
    const text = JSON.stringify(row)
    if (characters + text.length > PART_CHARACTERS && part.length > 0) {
      written.push(`[${part.join(',')}]`)
      part = []
      characters = 0
    }
    part.push(text)
    characters += text.length + 1
  }
  if (part.length > 0) written.push(`[${part.join(',')}]`)
  return written
}
