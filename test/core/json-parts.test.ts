import { describe, expect, it } from 'vitest'
import { jsonParts } from '../../core/json-parts.ts'

const bytes = (text: string) => new TextEncoder().encode(text).length

describe('rows in parts', () => {
  it.each(['x', 'é', '漢', '🦊', '"'])('are short enough for one parameter of a database, made of %s', (text) => {
    const rows = Array.from({ length: 300 }, (_, i) => [i, text.repeat(5_000)])
    const parts = jsonParts(rows)
    for (const part of parts) expect(bytes(part)).toBeLessThan(1_000_000)
    expect(parts.flatMap((part) => JSON.parse(part))).toEqual(rows)
  })

  it('are none for no rows, and one alone where it is longer than a part', () => {
    expect(jsonParts([])).toEqual([])
    expect(jsonParts(['a', 'x'.repeat(1_000_000), 'b'])).toHaveLength(3)
  })
})
