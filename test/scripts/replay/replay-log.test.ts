import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, expect, it } from 'vitest'
import { openLog } from '../../../scripts/replay/log-file.ts'
import { type ReplayOptions, replayLog } from '../../../scripts/replay/replay-log.ts'
import { Sender, ServerRefusal } from '../../../scripts/replay/sender.ts'
import { describe, emptyTally, type Tally } from '../../../scripts/replay/tally.ts'
import { StandInServer, type Step } from './stand-in-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-replay-'))
const servers: StandInServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const silent = { update() {}, note() {}, end() {} }
const numbered = (count: number, prefix = 'line') => Array.from({ length: count }, (_, i) => `${prefix} ${i + 1}`)

async function replay(
  content: string | Buffer,
  steps: Step[] = [],
  options: Partial<ReplayOptions> & { file?: string; giveUpAfterMs?: number; format?: 'sshd' } = {},
) {
  const server = new StandInServer(steps)
  servers.push(server)
  const url = await server.listen()
  const run = async () => {
    const file = path.join(folder, options.file ?? 'some.log')
    writeFileSync(file, content)
    const log = await openLog(file, '.')
    const waits: number[] = []
    let clock = 0
    const sender = new Sender(
      { url, key: 'the-key', ...(options.format && { format: options.format }) },
      {
        fetch,
        wait: async (ms) => {
          waits.push(ms)
          clock += ms
        },
        now: () => clock,
        giveUpAfterMs: options.giveUpAfterMs ?? 60_000,
        giveUpFirstAfterMs: options.giveUpAfterMs ?? 60_000,
        onWait: () => {},
      },
    )
    const tally: Tally = emptyTally('some.log')
    const failure = await replayLog(log, sender, { batchSize: 10, ...options }, silent, tally).then(
      () => null,
      (error: unknown) => error,
    )
    return { tally, waits, failure }
  }
  return { server, run, ...(await run()) }
}

it('posts every line once, in order, in batches of the size asked for', async () => {
  const { server, tally } = await replay(`${numbered(25).join('\n')}\n`)
  expect(server.stored).toEqual(numbered(25))
  expect(server.requests.map(({ lines }) => lines.length)).toEqual([10, 10, 5])
  expect(tally).toMatchObject({ lines: 25, accepted: 25, duplicates: 0, rejected: 0, noEvent: 0 })
})

it('sends a batch again under the same name when the connection is lost after it was stored', async () => {
  const { server, tally } = await replay(numbered(25).join('\n'), ['answer', 'store-and-drop', 'drop'])
  expect(server.stored).toEqual(numbered(25))
  expect(server.requests).toHaveLength(5)
  const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
  expect(keys[1]).toBe(keys[2])
  expect(new Set(keys).size).toBe(3)
  expect(tally).toMatchObject({ lines: 25, accepted: 15, duplicates: 10 })
})

it('names batches by digest, first line and size, so that a second run stores nothing', async () => {
  const { server, run } = await replay(numbered(12).join('\n'))
  const second = await run()
  expect(server.stored).toHaveLength(12)
  expect(second.tally).toMatchObject({ accepted: 0, duplicates: 12 })
  const [first, next] = server.requests.map(({ headers }) => String(headers['idempotency-key']))
  expect(first).toMatch(/^[0-9a-f]{64}:1:10$/)
  expect(next).toMatch(/^[0-9a-f]{64}:11:2$/)
})

it('takes a file and its gzip for the same log', async () => {
  const { server } = await replay(numbered(3).join('\n'))
  const packed = await replay(gzipSync(numbered(3).join('\n')), [], { file: 'some.log.gz' })
  expect(packed.server.stored).toEqual(numbered(3))
  expect(packed.server.requests[0]?.headers['idempotency-key']).toBe(server.requests[0]?.headers['idempotency-key'])
})

it('waits as long as a 429 says, then goes on', async () => {
  const { server, tally, waits } = await replay(numbered(5).join('\n'), [
    { status: 429, headers: { 'retry-after': '7' } },
  ])
  expect(waits).toEqual([7_000])
  expect(server.stored).toHaveLength(5)
  expect(tally.accepted).toBe(5)
})

it('gives up when nothing answers for as long as allowed, and says why', async () => {
  const { failure, tally, waits } = await replay(numbered(12).join('\n'), ['answer', ...Array<Step>(30).fill('drop')], {
    giveUpAfterMs: 20_000,
  })
  expect(failure).toBeInstanceOf(ServerRefusal)
  expect(String(failure)).toMatch(/gave up after 20 s without an answer/)
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20_000)
  expect(tally).toMatchObject({ lines: 10, accepted: 10 })
})

it('stops at once at a refusal that would be repeated', async () => {
  const { failure, server } = await replay(numbered(12).join('\n'), [
    { status: 401, body: { title: 'No sensor has this key' } },
  ])
  expect(String(failure)).toMatch(/not known to the server \(401\): No sensor has this key/)
  expect(server.requests).toHaveLength(1)
})

it('puts the header of a Zeek log in front of every batch and maps rejected lines back to the file', async () => {
  const header = ['#separator \\x09', '#path\tconn', '#fields\tts\tid.orig_h', '#types\ttime\taddr']
  const rows = numbered(13, 'row')
  rows[11] = 'bad row'
  const { server, tally } = await replay([...header, ...rows, '#close\t2026-01-01', ''].join('\n'))
  expect(server.requests.map(({ lines }) => lines.slice(0, 5))).toEqual([
    [...header, 'row 1'],
    [...header, 'row 11'],
  ])
  expect(tally).toMatchObject({ lines: 13, accepted: 12, rejected: 1, noEvent: 0 })
  expect(tally.rejections).toEqual([{ line: 16, reason: 'cannot read bad row' }])
})

it('begins a new batch where a second header stands in one file', async () => {
  const { server } = await replay(['#fields\ta', 'x', '#fields\tb', '#types\tc', 'y'].join('\n'))
  expect(server.requests.map(({ lines }) => lines)).toEqual([
    ['#fields\ta', 'x'],
    ['#fields\tb', '#types\tc', 'y'],
  ])
})

it('counts blank lines in line numbers and does not send them', async () => {
  const { server, tally } = await replay('one\n\n  \nbad two\r\n')
  expect(server.requests[0]?.lines).toEqual(['one', 'bad two\r'])
  expect(tally.rejections[0]?.line).toBe(4)
})

it('goes on after a batch in which nothing could be read', async () => {
  const { server, tally } = await replay(numbered(12).join('\n'), [
    { status: 400, body: { title: 'Nothing readable' } },
  ])
  expect(server.stored).toEqual(numbered(12).slice(10))
  expect(tally).toMatchObject({ accepted: 2, rejected: 10 })
  expect(tally.rejections).toEqual([{ line: 1, reason: 'the server answered 400: Nothing readable' }])
})

it('keeps bytes that are not UTF-8 as they are', async () => {
  const line = Buffer.from([0x61, 0xff, 0xfe, 0x62])
  const { server } = await replay(line)
  expect(server.requests[0]?.body).toEqual(Buffer.concat([line, Buffer.from('\n')]))
})

it('tells the server format, stream and key', async () => {
  const { server } = await replay('x', [], { format: 'sshd', file: 'auth log ü.txt' })
  const [request] = server.requests
  expect(request?.path).toBe('/v1/events?format=sshd')
  expect(request?.headers.authorization).toBe('Bearer the-key')
  expect(request?.headers['x-picket-stream']).toMatch(/^auth%20log%20%C3%BC\.txt@[0-9a-f]{12}$/)
})

it('shows the first rejected lines without their control characters', () => {
  const tally = { ...emptyTally('a.log'), lines: 2_000, accepted: 1_999, rejected: 1, seconds: 0.5 }
  tally.rejections.push({ line: 7, reason: 'cannot read "\u001b[2Jx"' })
  expect(describe(tally)).toBe(
    [
      'a.log: 2,000 lines in 0.5 s (4,000 lines/s)',
      '  accepted    1,999',
      '  duplicates  0',
      '  rejected    1',
      '    line 7: cannot read "?[2Jx"',
      '',
    ].join('\n'),
  )
})
