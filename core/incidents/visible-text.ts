/** A stretch of text from outside, ready to be shown. */
export interface TextPiece {
  /** What to show: the text itself, or the name of a character that cannot be seen, as U+202E. */
  text: string
  kind: 'plain' | 'marked' | 'hidden-character'
}

/**
 * Characters that a reader cannot see or that change the order of what is read: controls but for the tab, bidi controls
 * ("Trojan Source", 2021), zero-width and filler characters, tags, variation selectors, line separators, lone surrogates.
 */
const HIDDEN = /(?!\t)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Values are marked as whole words only: a port of 22 is not marked inside 1822. */
const WORD = /[\p{L}\p{N}_]/u

/**
 * Splits text so that nothing in it stays unseen and every place that holds one of `values` is marked.
 * The pieces' texts, with hidden characters read back, are the text. Linear in the text for each value.
 */
export function visiblePieces(text: string, values: readonly string[] = []): TextPiece[] {
  const pieces: TextPiece[] = []
  let from = 0
  for (const [start, end] of marks(text, values)) {
    if (start > from) pushVisible(pieces, text.slice(from, start), 'plain')
    pushVisible(pieces, text.slice(start, end), 'marked')
    from = end
  }
  if (from < text.length) pushVisible(pieces, text.slice(from), 'plain')
  return pieces
}

/** The same as one line of text, for places that hold no markup: titles, attributes. */
export const visibleText = (text: string): string =>
  visiblePieces(text)
    .map((piece) => (piece.kind === 'hidden-character' ? `[${piece.text}]` : piece.text))
    .join('')

function pushVisible(pieces: TextPiece[], text: string, kind: 'plain' | 'marked'): void {
  let from = 0
  for (const hidden of text.matchAll(HIDDEN)) {
    if (hidden.index > from) pieces.push({ text: text.slice(from, hidden.index), kind })
    const point = hidden[0].codePointAt(0)!
    pieces.push({ text: `U+${point.toString(16).toUpperCase().padStart(4, '0')}`, kind: 'hidden-character' })
    from = hidden.index + hidden[0].length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), kind })
}

/** Non-overlapping [start, end) of the values' places, in order. */
function marks(text: string, values: readonly string[]): [number, number][] {
  const found: [number, number][] = []
  for (const value of new Set(values.flatMap(spellings))) {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
      if (standsAlone(text, at, at + value.length)) found.push([at, at + value.length])
    }
  }
  found.sort((a, b) => a[0] - b[0] || b[1] - a[1])
  let end = 0
  return found.filter(([start, stop]) => {
    if (start < end) return false
    end = stop
    return true
  })
}

/** A value as it is and as a JSON log writes it. */
function spellings(value: string): string[] {
  if (value === '') return []
  const quoted = JSON.stringify(value).slice(1, -1)
  return quoted === value ? [value] : [value, quoted]
}

function standsAlone(text: string, start: number, end: number): boolean {
  const cutsWord = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && WORD.test(a) && WORD.test(b)
  return !cutsWord(text[start - 1], text[start]) && !cutsWord(text[end - 1], text[end])
}
