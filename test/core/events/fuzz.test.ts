import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalAddress } from '../../../core/events/address.ts'
import { createLineReader, FORMAT_NAMES } from '../../../core/events/formats.ts'

const context = { receivedAt: Date.parse('2026-03-02T12:00:00Z') }
const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/events')
const LINES = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.log'))
  .flatMap((file) => readFileSync(path.join(FIXTURES, file), 'utf8').split('\n').slice(0, -1))

/** A fixture's line with pieces cut, doubled, replaced or put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...LINES),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(40),
        fc.oneof(
          fc.string(),
          fc.constantFrom('"', '\\', '{', '[', '\t', ' from ', ' port ', '\0', '\u{d800}', '1e999', '-0', '__proto__'),
        ),
      ),
      {
        maxLength: 4,
      },
    ),
  )
  .map(([line, edits]) =>
    edits.reduce((text, [at, length, put]) => {
      const from = at % (text.length + 1)
      return text.slice(0, from) + put + text.slice(from + length)
    }, line),
  )

describe('every parser', () => {
  it('answers any text with a value: a sound event, no event, or a refusal', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), mutated, mutated, mutated), (line) => {
        const reader = createLineReader(context)
        reader.read('#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state')
        const readers = [reader, ...FORMAT_NAMES.map((format) => createLineReader(context, format))]
        for (const { read } of readers) {
          const result = read(line)
          if (!result.ok) expect(result.error.why.length).toBeLessThan(1000)
          else if (result.value !== null) sound(result.value.event)
        }
      }),
      { numRuns: 6000 },
    ))

  /** Text made to be read again and again by a pattern that is not linear. */
  const hostile = (size: number): string[] =>
    [
      `Mar  2 08:15:30 b sshd[1]: Failed password for ${' from 1.2.3.4'.repeat(size / 13)} x`,
      `Mar  2 08:15:30 b sshd[1]: Failed publickey for ${' from 1.2.3.4 port 1 ssh2: '.repeat(size / 27)}`,
      `Mar  2 08:15:30 b sshd[1]: PAM: ${' for '.repeat(size / 10)}${' from x'.repeat(size / 14)} `,
      `Mar  2 08:15:30 b sshd[1]: Connection closed by invalid user ${' 1.2.3.4 port 1'.repeat(size / 15)} `,
      `Mar  2 08:15:30 b sshd[1]: Disconnecting invalid user ${' 1.2.3.4 port 1: '.repeat(size / 17)}`,
      `Mar  2 08:15:30 b sshd[1]: refused connect from ${'('.repeat(size)}`,
      `Mar  2 08:15:30 b sshd[1]: ${'message repeated 2 times: [ '.repeat(size / 28)}`,
      `Mar  2 08:15:30 b sshd[1]: ${'a:'.repeat(size / 2)}`,
      `<38>1 2026-03-02T08:15:30Z h sshd 1 - ${'[x a="\\"'.repeat(size / 8)}`,
      `1.2.3.4 - ${'x '.repeat(size / 2)}[02/Mar/2026:08:15:30 +0000] "GET / HTTP/1.1" 200 1 "${'\\"'.repeat(size / 4)}`,
      `1.2.3.4 - - [02/Mar/2026:08:15:30 +0000] "${'\\'.repeat(size)}`,
      ` [02/Mar/2026:08:15:30 +000`.repeat(size / 27),
      `1772439330.25\t${'x\t'.repeat(size / 2)}`,
      `#fields${'\tx'.repeat(size / 2)}`,
      `{"ts":1,"src_ip":"${':'.repeat(size)}","event_type":"${'a.'.repeat(size / 2)}"}`,
      `{"eventid":"cowrie.${'x'.repeat(size)}"}`,
      `${' '.repeat(size)}{`,
      `"ts":`.repeat(size / 5),
    ].map((line) => line.slice(0, size))

  it.each(hostile(1 << 20).map((line, n) => [n, line]))(
    'reads a hostile line of a mebibyte in linear time (%d)',
    (_, line) => {
      // Linear reading takes some 10 ms; a quadratic pattern would take minutes.
      const started = performance.now()
      for (const read of [createLineReader(context), ...FORMAT_NAMES.map((f) => createLineReader(context, f))])
        read.read(line)
      expect(performance.now() - started).toBeLessThan(5000)
    },
  )
})

function sound(event: { ts: number; src_ip: string; dst_ip?: string; src_port?: number; dst_port?: number }): void {
  expect(event.ts).toBeGreaterThanOrEqual(0)
  expect(event.ts).toBeLessThanOrEqual(8.64e15)
  expect(canonicalAddress(event.src_ip)).toBe(event.src_ip)
  if (event.dst_ip !== undefined) expect(canonicalAddress(event.dst_ip)).toBe(event.dst_ip)
  for (const port of [event.src_port, event.dst_port]) {
    if (port !== undefined) expect(Number.isInteger(port) && port >= 0 && port <= 65_535).toBe(true)
  }
  expect(JSON.parse(JSON.stringify(event))).toStrictEqual(event)
}
