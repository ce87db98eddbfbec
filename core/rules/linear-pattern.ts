import { RE2JS } from 're2js'

/**
 * A regular expression that is matched in time linear in the text (RE2, through re2js): rules are written by people, the
 * text by attackers, and a pattern that backtracks would let one line hold a judgement up. What RE2 cannot do in linear
 * time (back-references, look-around) is refused when the rule is read. Texts of an event are at most 4096 characters long
 * (MAX_TEXT) and are matched whole: a cut would make an end where there is none.
 */
export type Pattern = (text: string) => boolean

const LONGEST_PATTERN = 4000
/** Instructions of the compiled program: the cost of a match is at most this times the text's length. */
const LARGEST_PROGRAM = 2000

export type PatternReading = { ok: true; value: Pattern } | { ok: false; error: string }

/** @param ignoreCase Sigma's `re|i` */
export function linearPattern(source: string, ignoreCase: boolean): PatternReading {
  if (source.length > LONGEST_PATTERN) return { ok: false, error: `is longer than ${LONGEST_PATTERN} characters` }
  try {
    const compiled = RE2JS.compile(source, (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | RE2JS.DOTALL)
    if (compiled.programSize() > LARGEST_PROGRAM)
      return { ok: false, error: 'repeats too much: its program is too large' }
    return { ok: true, value: (text) => compiled.test(text) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const why = error.message.replace(/^error parsing regexp: /, '')
    return { ok: false, error: `cannot be matched in linear time: ${why}` }
  }
}

/** The text as a part of a pattern that matches it literally. */
export const quoted = (text: string): string => RE2JS.quote(text)
