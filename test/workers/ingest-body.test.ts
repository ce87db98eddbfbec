import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBody } from '../../worker/ingest/decode-body.ts'
import { LIMITS } from '../../worker/ingest/limits.ts'
import { readWire } from '../../worker/ingest/read-body.ts'
import { nestingDepth, splitBody } from '../../worker/ingest/split-body.ts'

const object = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })
const space = fc.stringMatching(/^[ \t\n\r]{0,3}$/)
/** Objects as texts, some over several lines. */
const written = fc
  .array(fc.tuple(object, fc.constantFrom(0, 2)), { minLength: 1, maxLength: 6 })
  .map((all) => all.map(([value, indent]) => JSON.stringify(value, null, indent)))

const textsOf = (body: string): string[] => {
  const split = splitBody(body, LIMITS)
  return split.ok ? split.value.map(({ start, end }) => body.slice(start, end)) : ['too many']
}

describe('splitBody', () => {
  it('gives the elements of any array of objects as they were written', () =>
    fc.assert(
      fc.property(written, space, space, (texts, before, after) => {
        expect(textsOf(`${before}[${before}${texts.join(`${after},${before}`)}${after}]${after}`)).toEqual(texts)
      }),
    ))

  it('gives any objects on lines as they were written, with the numbers of their lines', () =>
    fc.assert(
      fc.property(
        fc.array(object, { minLength: 1 }),
        fc.constantFrom('\n', '\r\n', '\n\n', '\n \t\r\n'),
        (all, end) => {
          const texts = all.map((value) => JSON.stringify(value))
          const split = splitBody(texts.join(end), LIMITS)
          const step = end.split('\n').length - 1
          expect(split.ok && split.value.map(({ index }) => index)).toEqual(texts.map((_, n) => n * step))
          expect(textsOf(texts.join(end))).toEqual(texts)
        },
      ),
    ))

  it('gives any objects over several lines as they were written', () =>
    fc.assert(
      fc.property(
        fc.array(
          object.filter((value) => Object.keys(value).length > 0),
          { minLength: 1, maxLength: 5 },
        ),
        (all) => {
          const texts = all.map((value) => JSON.stringify(value, null, 2))
          expect(textsOf(texts.join('\n'))).toEqual(texts)
        },
      ),
    ))

  it('cuts any text into parts that follow one another and lose nothing but space and commas', () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[[\]{}",:\\\n\r \ta1-]{0,60}$/), (text) => {
        const split = splitBody(text, LIMITS)
        expect(split.ok).toBe(true)
        let at = 0
        for (const { start, end } of split.ok ? split.value : []) {
          expect(start).toBeGreaterThanOrEqual(at)
          expect(end).toBeGreaterThan(start)
          at = end
        }
      }),
      { numRuns: 5000 },
    ))

  it('takes a bad line among good ones for one line, whatever it is', () =>
    fc.assert(
      fc.property(fc.array(object, { minLength: 2 }), fc.nat(), fc.string(), (all, where, bad) => {
        fc.pre(bad.trim() !== '' && !/[\n\r]/.test(bad) && !/^\s*\[/.test(bad))
        const texts = all.map((value) => JSON.stringify(value))
        const at = 1 + (where % texts.length)
        const lines = [...texts.slice(0, at), bad, ...texts.slice(at)]
        expect(textsOf(lines.join('\n'))).toEqual(lines)
      }),
    ))

  it.each([
    ['[', '['.repeat(1 << 20)],
    ['{"', '{"'.repeat(1 << 19)],
    ['broken array elements', `[${'{"a\n'.repeat(1 << 18)}`],
    ['newlines in an array', `[{"a\n${'\n'.repeat(90_000)}`],
    ['backslashes', `{"${'\\'.repeat(1 << 20)}`],
  ])('is linear in a mebibyte of %s', (_, text) => {
    const started = performance.now()
    splitBody(text, LIMITS)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('nestingDepth', () => {
  it('counts brackets outside texts', () => {
    expect(nestingDepth('{"a":[{"b":"[[[{{{\\"["}]}')).toBe(3)
    expect(nestingDepth('[]')).toBe(1)
    expect(nestingDepth('"[["')).toBe(0)
  })
})

async function decode(request: Request): Promise<ReturnType<typeof decodeBody>> {
  const wire = await readWire(request, LIMITS)
  return wire.ok ? decodeBody(wire.value, request.headers.get('Content-Encoding') ?? '', LIMITS) : wire
}

describe('decodeBody', () => {
  const request = (body: BodyInit, headers: Record<string, string> = {}) =>
    new Request('https://picket.example/v1/events', { method: 'POST', body, headers })

  it('answers any bytes, plain or claimed to be compressed, with lines or a refusal', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('', 'gzip', 'deflate'),
        async (bytes, encoding) => {
          const decoded = await decode(request(new Uint8Array(bytes), { 'Content-Encoding': encoding }))
          if (decoded.ok) for (const { text } of decoded.value.lines) expect(text).not.toMatch(/\0/)
          else expect(decoded.error.tag).toBe('broken-encoding')
        },
      ),
    ))

  it('finds the same lines in a body with a bad byte as in one without', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }), async (texts) => {
        const lines = texts.map((text) => `x${text.replaceAll(/[\n\r\0]/g, '')}`)
        const good = await decode(request(lines.join('\n')))
        const bad = await decode(request(new Uint8Array([...new TextEncoder().encode(`${lines.join('\n')}\n`), 0xff])))
        expect(good.ok && good.value.lines.map(({ text }) => text)).toEqual(lines)
        expect(bad.ok && bad.value.lines).toEqual(good.ok && good.value.lines)
        expect(bad.ok && bad.value.rejected).toEqual([{ index: lines.length, reason: 'it is not UTF-8' }])
      }),
    ))

  it('stops reading a body that does not say how long it is', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536).fill(120))
      },
    })
    const decoded = await decode(request(endless))
    expect(decoded).toMatchObject({ ok: false, error: { tag: 'body-too-large' } })
    expect(sent).toBeLessThan(LIMITS.wireBytes + 1024 * 1024)
  })

  it('takes a body of several chunks for one', async () => {
    const zipped = gzipSync('one\ntwo')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of zipped) controller.enqueue(new Uint8Array([byte]))
        controller.close()
      },
    })
    const decoded = await decode(request(body, { 'Content-Encoding': 'gzip' }))
    expect(decoded.ok && decoded.value.lines.map(({ text }) => text)).toEqual(['one', 'two'])
  })
})
