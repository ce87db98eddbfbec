import type { Random } from '../learning/random.ts'
import { DOMAIN_CONTROLLER, FILE_SERVER, SERVERS, WORKSTATIONS } from './addresses.ts'
import { between, type DemoLine, MINUTE, pick, type Script, SECOND, waiting, whole } from './scene.ts'
import { connLine, windowsLine } from './zeek-lines.ts'

/** The desk that a person from outside works from, and the server that they get to. */
const FOOTHOLD = '10.20.1.134'
const PIVOT = '10.20.8.131'
const DROP = '198.51.100.244'

/** Who is there, and what do they offer: the directory, then host after host, without hurry. */
function discovery(random: Random, start: number): DemoLine[] {
  const lines: DemoLine[] = []
  let ts = start
  for (let n = 0; n < 6; n++) {
    const sizes = {
      seconds: between(random, 0.1, 2),
      sent: whole(random, 900, 4_000),
      received: whole(random, 20_000, 400_000),
    }
    lines.push(
      connLine(random, ts, { from: FOOTHOLD, to: DOMAIN_CONTROLLER, port: 389, service: 'ldap_tcp', ...sizes }),
    )
    const named = {
      endpoint: 'samr',
      operation: pick(random, ['SamrEnumerateUsersInDomain', 'SamrLookupNamesInDomain']),
    }
    lines.push(
      windowsLine(random, ts + 900, 'dce_rpc', FOOTHOLD, DOMAIN_CONTROLLER, 445, {
        ...named,
        named_pipe: '\\pipe\\lsass',
      }),
    )
    ts += 10 * SECOND + waiting(random, 30 * SECOND)
  }
  for (const to of [...SERVERS, ...WORKSTATIONS.slice(0, 24)]) {
    for (const port of [445, 135, 3389, 5985]) {
      const open = random.below(3) === 0
      const state = open ? 'SF' : pick(random, ['S0', 'REJ'] as const)
      lines.push(
        connLine(random, ts, {
          from: FOOTHOLD,
          to,
          port,
          state,
          seconds: 0.4,
          sent: open ? 420 : 0,
          received: open ? 610 : 0,
        }),
      )
      ts += between(random, 0.4, 3) * SECOND
    }
    ts += waiting(random, 12 * SECOND)
  }
  return lines
}

/** Tickets asked for by the dozen, then SMB, WinRM and RDP from host to host with what was found. */
function lateralMovement(random: Random, start: number): DemoLine[] {
  const lines: DemoLine[] = []
  let ts = start
  for (const service of [
    'MSSQLSvc/db1',
    'HTTP/wiki',
    'CIFS/files',
    'MSSQLSvc/db2',
    'HOST/app1',
    'HTTP/portal',
    'LDAP/dc1',
    'HOST/app2',
  ]) {
    const fields = { request_type: 'TGS', client: 'm.keller/OFFICE', service, success: true, cipher: 'rc4-hmac' }
    lines.push(windowsLine(random, ts, 'kerberos', FOOTHOLD, DOMAIN_CONTROLLER, 88, fields))
    ts += between(random, 1, 6) * SECOND
  }
  const steps: [string, string, number, string][] = [
    [FOOTHOLD, SERVERS[4]!, 445, 'gssapi,smb,ntlm'],
    [FOOTHOLD, SERVERS[5]!, 5985, 'http'],
    [FOOTHOLD, SERVERS[6]!, 3389, 'rdp'],
    [FOOTHOLD, PIVOT, 3389, 'rdp'],
    [PIVOT, SERVERS[7]!, 445, 'gssapi,smb,ntlm'],
    [PIVOT, SERVERS[8]!, 5985, 'http'],
    [PIVOT, FILE_SERVER, 445, 'gssapi,smb,ntlm'],
    [PIVOT, DOMAIN_CONTROLLER, 445, 'gssapi,smb,ntlm'],
  ]
  for (const [from, to, port, service] of steps) {
    for (let n = whole(random, 3, 7); n > 0; n--) {
      const sizes = {
        seconds: between(random, 2, 40),
        sent: whole(random, 3_000, 90_000),
        received: whole(random, 3_000, 200_000),
      }
      lines.push(connLine(random, ts, { from, to, port, service, ...sizes }))
      if (port === 445) {
        const success = random.below(4) !== 0
        const login = {
          username: pick(random, ['m.keller', 'svc_backup', 'administrator']),
          hostname: 'DESK-134',
          domainname: 'OFFICE',
          success,
        }
        lines.push(windowsLine(random, ts + 80, 'ntlm', from, to, port, login))
        const share = { path: `\\\\${to}\\${pick(random, ['ADMIN$', 'C$', 'IPC$'])}`, share_type: 'DISK' }
        lines.push(windowsLine(random, ts + 140, 'smb_mapping', from, to, port, share))
        const created = { endpoint: 'svcctl', operation: 'CreateServiceW', named_pipe: '\\pipe\\svcctl' }
        if (n === 1) lines.push(windowsLine(random, ts + 400, 'dce_rpc', from, to, port, created))
      }
      ts += 6 * SECOND + waiting(random, 25 * SECOND)
    }
    ts += waiting(random, 3 * MINUTE)
  }
  return lines
}

/** In the quiet hours: gathered from the file server, then out in pieces, to one address that nobody else visits. */
function exfiltration(random: Random, start: number): DemoLine[] {
  const lines: DemoLine[] = []
  let ts = start
  for (let n = 0; n < 14; n++) {
    const sizes = {
      seconds: between(random, 20, 90),
      sent: whole(random, 20_000, 90_000),
      received: whole(random, 40_000_000, 220_000_000),
    }
    lines.push(connLine(random, ts, { from: PIVOT, to: FILE_SERVER, port: 445, service: 'gssapi,smb,ntlm', ...sizes }))
    ts += between(random, 60, 140) * SECOND
  }
  for (let n = 0; n < 40; n++) {
    const sizes = {
      seconds: between(random, 60, 200),
      sent: whole(random, 45_000_000, 52_000_000),
      received: whole(random, 20_000, 60_000),
    }
    lines.push(connLine(random, ts, { from: PIVOT, to: DROP, port: 443, service: 'ssl', ...sizes }))
    ts += 3 * MINUTE + between(random, 0, 80) * SECOND
  }
  return lines
}

/** One intrusion in three acts: discovery in the evening, lateral movement after it, data out at night. */
export const intrusion: Script = ({ random, at }) => [
  {
    name: 'intrusion: discovery, lateral movement, staged exfiltration',
    threatClass: 6,
    sensor: 'network',
    sources: [FOOTHOLD, PIVOT],
    lines: [...discovery(random, at(8.2)), ...lateralMovement(random, at(10.3)), ...exfiltration(random, at(12.1))],
  },
]
