import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { CanonicalEvent, FormatName } from '../../../core/events/event.ts'
import { createLineReader, FORMAT_NAMES } from '../../../core/events/formats.ts'
import { isoTime } from '../../../core/events/timestamp.ts'

/**
 * Every folder of test/fixtures/events is a format, every CASE.log holds lines as a sensor sends them, and CASE.json
 * what each becomes: an event (ts as text, to be read by people), null for no event, or why it is refused.
 */
type Expectation =
  | (Omit<CanonicalEvent, 'ts'> & { ts: string })
  | { unreadable: string; format: FormatName | null }
  | null

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/events')
const RECEIVED_AT = Date.parse('2026-03-02T12:00:00Z')

for (const folder of readdirSync(FIXTURES)) {
  describe(folder, () => {
    const cases = readdirSync(path.join(FIXTURES, folder)).filter((file) => file.endsWith('.log'))
    for (const file of cases) {
      const lines = readFileSync(path.join(FIXTURES, folder, file), 'utf8')
        .split('\n')
        .slice(0, -1)
      const expected = JSON.parse(
        readFileSync(path.join(FIXTURES, folder, file.replace('.log', '.json')), 'utf8'),
      ) as Expectation[]

      it(`reads every line of ${file} as written beside it`, () => {
        const reader = createLineReader({ receivedAt: RECEIVED_AT })
        const format = (FORMAT_NAMES as string[]).includes(folder) ? folder : null
        expect(lines.map((line) => outcome(reader.read(line), format, line))).toEqual(expected.map(asOutcome))
      })
    }
  })
}

function outcome(result: ReturnType<ReturnType<typeof createLineReader>['read']>, format: string | null, line: string) {
  if (!result.ok) return { unreadable: result.error.why, format: result.error.format }
  if (result.value === null) return null
  expect(result.value.format).toBe(format)
  expect(result.value.original).toBe(line)
  return result.value.event
}

const asOutcome = (expected: Expectation) =>
  expected !== null && 'ts' in expected ? { ...expected, ts: isoTime(expected.ts) } : expected

describe('fixtures', () => {
  it('exist for every format', () => expect(readdirSync(FIXTURES)).toEqual(expect.arrayContaining(FORMAT_NAMES)))
})
