import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { createLineReader, type LineReader } from '../../../core/events/formats.ts'
import { DEV_DATA, NO_DEV_DATA } from '../../support/dev-data.ts'

/** The files of ../shared/data/dev/native, as their programs wrote them: lines, events, lines that are no event, refused. */
const FILES: [file: string, lines: number, accepted: number, silent: number, refused: number][] = [
  ['cowrie/bilal_cowrie.json', 496, 397, 99, 0],
  ['cowrie/kareiva_cowrie.json.2018-05-20', 2006, 1983, 23, 0],
  ['cowrie/kareiva_cowrie.json.2018-06-16', 5915, 5897, 18, 0],
  ['cowrie/kareiva_cowrie.json.2018-06-30', 5659, 5459, 200, 0],
  ['suricata/magnc_eve.json', 253, 240, 13, 0],
  ['suricata/shambat_eve.json', 1065, 1065, 0, 0],
  ['suricata/slips_test6_eve.json', 5000, 5000, 0, 0],
  ['zeek/002_nmap_conn.json.log', 4504, 4504, 0, 0],
  ['zeek/008_conn.tsv.log.labeled', 5671, 5663, 8, 0],
  ['zeek/008_http.tsv.log.labeled', 350, 342, 8, 0],
  ['zeek/008_notice.tsv.log.labeled', 24, 16, 8, 0],
  ['zeek/008_ssl.tsv.log.labeled', 553, 545, 8, 0],
  ['zeek/rita_proxy_conn.log', 472, 463, 9, 0],
  ['zeek/rita_proxy_dns.log', 951, 942, 9, 0],
  ['zeek/rita_proxy_http.log', 416, 407, 9, 0],
  ['zeek/rita_proxy_ssl.log', 416, 407, 9, 0],
  ['zeek/slips_test10_conn.log', 150, 141, 9, 0],
  ['zeek/slips_test10_dns.log', 102, 93, 9, 0],
  // One row of this file was cut by hand and has three columns too few.
  ['zeek/slips_test10_notice.log', 22, 12, 9, 1],
  ['zeek/slips_test10_ssl.log', 22, 13, 9, 0],
  ['zeek/slips_test14_conn.log', 5, 5, 0, 0],
  ['zeek/slips_test14_http.log', 521, 521, 0, 0],
  ['zeek/slips_test14_smtp.log', 5, 5, 0, 0],
  ['zeek/slips_test9_conn.log', 576, 576, 0, 0],
  ['zeek/slips_test9_dns.log', 239, 239, 0, 0],
  ['zeek/slips_test9_http.log', 516, 516, 0, 0],
  ['zeek/slips_test9_notice.log', 18, 18, 0, 0],
  ['zeek/slips_test9_smtp.log', 5, 5, 0, 0],
  ['zeek/slips_test9_ssl.log', 205, 205, 0, 0],
  // sshd's lines without a source, and what PAM tells again.
  ['sshd/loghub_OpenSSH_2k.log', 2000, 1231, 769, 0],
  // An error log: no format that Picket reads.
  ['web/loghub_Apache_error_2k.log', 2000, 0, 0, 2000],
  ['web/ocatak_acunetix.access.log', 6539, 6539, 0, 0],
]

/** What another converter made of the same files; it left out some kinds of event, and these it made differently. */
const CONVERTED: { files: string[]; events: string; leftOut: string[]; receivedAt?: string; notOurs?: number }[] = [
  { files: ['cowrie/bilal_cowrie.json'], events: 'bilal_cowrie_2026', leftOut: ['ssh.kex'] },
  {
    files: ['2018-05-20', '2018-06-16', '2018-06-30'].map((day) => `cowrie/kareiva_cowrie.json.${day}`),
    events: 'kareiva_cowrie_2018',
    leftOut: ['ssh.tunnel.data'],
    // It took command.failed, Cowrie's word on a command already told, for a second command.
    notOurs: 2,
  },
  {
    files: ['suricata/slips_test6_eve.json'],
    events: 'slips_test6_suricata_eve',
    leftOut: ['tls.handshake', 'file.transfer', 'anomaly'],
  },
  { files: ['zeek/002_nmap_conn.json.log'], events: 'stratosphere_nmap_scan', leftOut: [] },
  {
    files: ['conn', 'http', 'ssl'].map((log) => `zeek/008_${log}.tsv.log.labeled`),
    events: 'ctu_normal_40_day1',
    leftOut: [],
  },
  {
    files: ['sshd/loghub_OpenSSH_2k.log'],
    events: 'loghub_openssh',
    leftOut: ['ssh.no_identification'],
    receivedAt: '2015-12-11T00:00:00Z',
  },
  { files: ['web/ocatak_acunetix.access.log'], events: 'ocatak_acunetix', leftOut: [] },
]

/** Of test logs that other projects wrote about these daemons: access logs and sshd's, by folder or file. */
const ARCHIVED: [archive: string, member: string, lines: number, accepted: number, silent: number, refused: number][] =
  [
    ['fail2ban_testlogs', 'logs/sshd', 148, 100, 36, 12],
    ['fail2ban_testlogs', 'logs/apache-badbots', 3, 3, 0, 0],
    ['fail2ban_testlogs', 'logs/nginx-bad-request', 8, 8, 0, 0],
    ['fail2ban_testlogs', 'logs/nginx-botsearch', 12, 8, 0, 4],
    ['fail2ban_testlogs', 'logs/traefik-auth', 6, 6, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/sshd-logs/sshd-logs.log', 24, 19, 2, 3],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/sshd-bad-keyexchange-bf/sshd-bad-keyexchange-bf.log', 19, 19, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/ssh-time-based-bf/ssh-time-based-bf.log', 15, 15, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/sshd-success-logs/sshd-success-logs.log', 4, 4, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/apache-http-probing/apache-http-probing.log', 77, 77, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/http-dos-random-uri/http_dos_random_uri.log', 66, 66, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/nginx-http-sqli-probing/nginx-http-sqli-probing.log', 16, 16, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/nginx-http-malformed/nginx_http-logs.log', 12, 12, 0, 0],
    ['crowdsec_hub_tests_a', 'crowdsec_hub/suricata-logs-evelog/suricata-logs-evelog.log', 8, 6, 2, 0],
  ]

const ARRIVAL = Date.parse('2026-11-20T00:00:00Z')
const unpacked = DEV_DATA === null ? null : mkdtempSync(path.join(tmpdir(), 'picket-native-'))
afterAll(() => unpacked !== null && rmSync(unpacked, { recursive: true }))

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '')
const gunzipped = (file: string): string[] => linesOf(gunzipSync(readFileSync(path.join(DEV_DATA!, file))).toString())

interface Tally {
  lines: number
  accepted: number
  silent: number
  refused: number
}

function tally(lines: string[], reader: LineReader = createLineReader({ receivedAt: ARRIVAL })): Tally {
  const counts: Tally = { lines: lines.length, accepted: 0, silent: 0, refused: 0 }
  for (const line of lines) {
    const read = reader.read(line)
    counts[!read.ok ? 'refused' : read.value === null ? 'silent' : 'accepted']++
  }
  return counts
}

describe.skipIf(DEV_DATA === null)(`native log files (${DEV_DATA === null ? NO_DEV_DATA : 'development data'})`, () => {
  it.each(FILES)('%s: %d lines, %d events, %d silent, %d refused', (file, lines, accepted, silent, refused) =>
    expect(tally(gunzipped(`native/${file}.gz`))).toEqual({ lines, accepted, silent, refused }),
  )

  it('are all named above', () => {
    const native = path.join(DEV_DATA!, 'native')
    const present = ['cowrie', 'suricata', 'zeek', 'sshd', 'web'].flatMap((folder) =>
      readdirSync(path.join(native, folder)).map((file) => `${folder}/${file.replace(/\.gz$/, '')}`),
    )
    expect(FILES.map(([file]) => file).sort()).toEqual(present.sort())
  })

  it.each(ARCHIVED)(
    '%s, %s: %d lines, %d events, %d silent, %d refused',
    (archive, member, lines, accepted, silent, refused) => {
      execFileSync('tar', [
        'xzf',
        path.join(DEV_DATA!, `native/${archive}.tar.gz`),
        '-C',
        unpacked!,
        '--wildcards',
        `*${member}`,
      ])
      const [file] = readdirSync(unpacked!, { recursive: true, encoding: 'utf8' }).filter((found) =>
        found.endsWith(member),
      )
      const text = readFileSync(path.join(unpacked!, file!), 'utf8')
      // fail2ban writes what it expects of a line as a comment before it.
      expect(tally(linesOf(text).filter((line) => !line.trimStart().startsWith('#')))).toEqual({
        lines,
        accepted,
        silent,
        refused,
      })
    },
  )

  it("blames no source but the one that fail2ban expects, in all of fail2ban's sshd lines that it reads", () => {
    const archive = path.join(DEV_DATA!, 'native/fail2ban_testlogs.tar.gz')
    const lines = linesOf(execFileSync('tar', ['xzOf', archive, '--wildcards', '*logs/sshd']).toString())
    const reader = createLineReader({ receivedAt: ARRIVAL })
    let compared = 0
    lines.forEach((line, n) => {
      const expectation = /^# failJSON: (\{.*\})$/.exec(lines[n - 1] ?? '')?.[1]
      const read = reader.read(line)
      if (expectation === undefined || !read.ok || read.value === null) return
      const { host } = JSON.parse(expectation) as { host?: string }
      if (host === undefined) return
      expect([line, read.value.event.src_ip]).toEqual([line, host])
      compared++
    })
    expect(compared).toBe(77)
  })

  it.each(CONVERTED)(
    '$events: the same times, sources and types as another converter found',
    ({ files, events, leftOut, receivedAt, notOurs = 0 }) => {
      const context = { receivedAt: receivedAt === undefined ? ARRIVAL : Date.parse(receivedAt) }
      const ours = new Map<string, number>()
      const days = new Set<string>()
      for (const file of files) {
        const reader = createLineReader(context)
        for (const line of gunzipped(`native/${file}.gz`)) {
          const read = reader.read(line)
          if (!read.ok || read.value === null || leftOut.includes(read.value.event.event_type)) continue
          days.add(new Date(read.value.event.ts).toISOString().slice(0, 10))
          count(ours, read.value.event, 1)
        }
      }
      const reader = createLineReader(context, 'canonical')
      for (const line of gunzipped(`events/${events}.ndjson.gz`)) {
        const read = reader.read(line)
        expect(read.ok && read.value !== null).toBe(true)
        if (!read.ok || read.value === null) continue
        if (days.has(new Date(read.value.event.ts).toISOString().slice(0, 10))) count(ours, read.value.event, -1)
      }
      const differing = [...ours].filter(([, difference]) => difference !== 0)
      const total = (sign: number) => differing.reduce((sum, [, n]) => sum + Math.max(0, sign * n), 0)
      // loghub: a user name that begins with a space, which the other converter did not read.
      expect({ onlyOurs: total(1), notOurs: total(-1) }).toEqual({
        onlyOurs: events === 'loghub_openssh' ? 1 : 0,
        notOurs,
      })
    },
  )

  it('every event of the development data is a canonical event', () => {
    for (const file of readdirSync(path.join(DEV_DATA!, 'events'))) {
      const lines = gunzipped(`events/${file}`)
      expect([file, tally(lines, createLineReader({ receivedAt: ARRIVAL }, 'canonical'))]).toEqual([
        file,
        { lines: lines.length, accepted: lines.length, silent: 0, refused: 0 },
      ])
    }
  })
})

function count(into: Map<string, number>, { ts, src_ip, event_type }: CanonicalEvent, by: number): void {
  const key = `${ts} ${src_ip} ${event_type}`
  into.set(key, (into.get(key) ?? 0) + by)
}
