import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TextPiece, visiblePieces, visibleText } from '../../../core/incidents/visible-text.ts'

const marked = (pieces: TextPiece[]) => pieces.filter((piece) => piece.kind === 'marked').map((piece) => piece.text)
const readBack = (pieces: TextPiece[]) =>
  pieces
    .map(({ kind, text }) =>
      kind === 'hidden-character' ? String.fromCodePoint(Number.parseInt(text.slice(2), 16)) : text,
    )
    .join('')

describe('visible text', () => {
  it.each([
    ['a bidi override', 'admin\u202Egpj.exe', 'admin[U+202E]gpj.exe'],
    ['an isolate', '\u2066x\u2069', '[U+2066]x[U+2069]'],
    ['a NUL, an escape and a newline', 'a\0b\x1b[31mc\nd', 'a[U+0000]b[U+001B][31mc[U+000A]d'],
    ['a C1 control', '\u009b31m', '[U+009B]31m'],
    ['a zero-width space and joiner', 'ad\u200Bmin\u200D', 'ad[U+200B]min[U+200D]'],
    ['a byte order mark', '\uFEFFroot', '[U+FEFF]root'],
    ['tag characters', 'x\u{E0041}', 'x[U+E0041]'],
    ['a lone surrogate', 'x\uD800y', 'x[U+D800]y'],
    ['a soft hyphen and a filler', '\u00AD\u3164', '[U+00AD][U+3164]'],
    ['a line separator', 'a\u2028b', 'a[U+2028]b'],
  ])('%s is named', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown)
  })

  it('tabs, letters of all scripts and emoji stay as they are', () => {
    const text = 'a\tb é ب 漢字 🦊 <script>'
    expect(visiblePieces(text)).toEqual([{ text, kind: 'plain' }])
  })

  it('marks whole words only, every time they occur', () => {
    expect(marked(visiblePieces('root from 22 port 2222, root, uprooted', ['root', '22']))).toEqual([
      'root',
      '22',
      'root',
    ])
  })

  it('finds a value as a JSON line writes it', () => {
    const value = 'say "hi"\n'
    expect(marked(visiblePieces(`{"command":${JSON.stringify(value)}}`, [value]))).toEqual(['say \\"hi\\"\\n'])
  })

  it('the longer of two values that begin at one place wins', () => {
    expect(marked(visiblePieces('GET /a/b HTTP', ['/a', '/a/b']))).toEqual(['/a/b'])
  })

  it('the pieces are the whole text, whatever the text and values', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.array(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 4 }),
        (text, values) => {
          expect(readBack(visiblePieces(text, values))).toBe(text)
        },
      ),
    )
  })
})
