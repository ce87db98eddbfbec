import { describe, expect, it } from 'vitest'
import { createLineReader, FORMAT_NAMES, isFormatName } from '../../../core/events/formats.ts'

const context = { receivedAt: Date.parse('2026-03-02T12:00:00Z') }
const CANONICAL = '{"ts":1772439330,"src_ip":"203.0.113.9","event_type":"flow"}'
const COWRIE =
  '{"eventid":"cowrie.login.failed","username":"root","password":"x","timestamp":"2026-03-02T08:15:31.000003Z","src_ip":"203.0.113.77","session":"a1"}'
const SSHD = 'Mar  2 08:15:30 bastion sshd[1]: Failed password for root from 203.0.113.50 port 50273 ssh2'
const ACCESS = '203.0.113.90 - - [02/Mar/2026:08:15:30 +0000] "GET / HTTP/1.1" 200 12 "-" "x"'
const ZEEK_FIELDS = '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state'
const ZEEK_ROW = '1772439330.250118\tC1\t203.0.113.40\t62771\t192.0.2.90\t443\ttcp\tSF'

describe('createLineReader', () => {
  it('finds the format of every line of a mixed stream', () => {
    const reader = createLineReader(context)
    const lines = [SSHD, CANONICAL, ACCESS, COWRIE, ZEEK_FIELDS, ZEEK_ROW, SSHD, 'nonsense', COWRIE]
    const formats = lines.map((line) => {
      const read = reader.read(line)
      return read.ok ? (read.value?.format ?? null) : read.error.tag
    })
    expect(formats).toEqual([
      'sshd',
      'canonical',
      'access-log',
      'cowrie',
      null,
      'zeek-tsv',
      'sshd',
      'unreadable-line',
      'cowrie',
    ])
  })

  it('keeps the line as it came, without the CR of a CR LF', () => {
    const read = createLineReader(context).read(`${SSHD}\r`)
    expect(read.ok && read.value?.original).toBe(SSHD)
    const spaced = `  ${CANONICAL} `
    const indented = createLineReader(context).read(spaced)
    expect(indented.ok && indented.value?.original).toBe(spaced)
  })

  it('reads nothing but the format it is told', () => {
    const reader = createLineReader(context, 'cowrie')
    expect(reader.read(COWRIE)).toMatchObject({ ok: true, value: { format: 'cowrie' } })
    expect(reader.read(SSHD)).toMatchObject({ ok: false, error: { format: 'cowrie' } })
    expect(reader.read(CANONICAL)).toMatchObject({ ok: false, error: { format: 'cowrie' } })
  })

  it('remembers the header of a Zeek log for itself alone', () => {
    const first = createLineReader(context)
    first.read(ZEEK_FIELDS)
    expect(first.read(ZEEK_ROW).ok).toBe(true)
    expect(createLineReader(context).read(ZEEK_ROW)).toMatchObject({ ok: false, error: { format: 'zeek-tsv' } })
  })

  it('gives the reason of the parser that claims a line, and format null when none does', () => {
    const reader = createLineReader(context)
    expect(reader.read(COWRIE.replace('203.0.113.77', '203.0.113'))).toEqual({
      ok: false,
      error: { tag: 'unreadable-line', format: 'cowrie', why: 'src_ip is not an IPv4 or IPv6 address' },
    })
    expect(reader.read('{"a":1}')).toMatchObject({ ok: false, error: { format: null } })
  })

  it('never tells more than 80 characters of a line', () => {
    const secret = 'k'.repeat(5000)
    for (const line of [secret, `{"x":"${secret}"}`, `{"x":${secret}`, SSHD.replace('Failed', secret), `[${secret}]`]) {
      const read = createLineReader(context).read(line)
      expect(read.ok).toBe(false)
      expect(!read.ok && (read.error.why.match(/k+/g) ?? []).join('').length).toBeLessThanOrEqual(80)
    }
  })
})

describe('isFormatName', () => {
  it('knows the formats and no key of an object', () => {
    expect(FORMAT_NAMES.every(isFormatName)).toBe(true)
    for (const name of ['', 'constructor', '__proto__', 'toString', 'Cowrie']) expect(isFormatName(name)).toBe(false)
  })
})
