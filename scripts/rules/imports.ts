export interface Import {
  specifier: string
  /** From 1. */
  line: number
}

// Static imports begin a line (the formatter sees to it); a clause holds names, braces and a star, never a quote.
const CLAUSE = String.raw`(?:type\s+)?(?:[\w$]+\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}'"]*\})?\s*from\s*`
const STATIC = new RegExp(String.raw`^(?:import\s*(?:${CLAUSE})?|export\s+${CLAUSE})(['"])([^'"\n]+)\1`, 'gm')
const DYNAMIC = /\b(?:import|require)\(\s*(['"`])([^'"`\n$]+)\1/g

/** What a TypeScript source imports, types too. A specifier that is computed cannot be seen. */
export function importsOf(source: string): Import[] {
  return [...source.matchAll(STATIC), ...source.matchAll(DYNAMIC)]
    .sort((a, b) => a.index - b.index)
    .map((match) => ({ specifier: match[2]!, line: source.slice(0, match.index).split('\n').length }))
}
