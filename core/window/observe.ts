import type { CanonicalEvent } from '../events/event.ts'
import { isSiteLocal } from '../events/source.ts'
import { ContactSketch } from './contact-sketch.ts'
import { C } from './counters.ts'
import { hash32 } from './hash.ts'
import type { Pane } from './pane.ts'
import { isDefaultPair } from './signals/credentials.ts'
import { labelEntropy } from './signals/dns-name.ts'
import { EVENT_KINDS, eventKind } from './signals/event-kind.ts'
import { serviceKind } from './signals/service.ts'
import { commandSignals } from './signals/shell-command.ts'
import { isScannerAgent, isWebAttack } from './signals/web-attack.ts'

const KIND = Object.fromEntries(EVENT_KINDS.map((kind, index) => [kind, index])) as Record<
  (typeof EVENT_KINDS)[number],
  number
>
/** Zeek's connection states in which the target did not take the connection (Zeek docs, conn.log). */
const REJECTED = new Set(['REJ', 'RSTRH', 'RSTOS0', 'rejected'])
const ESTABLISHED = new Set(['SF', 'S1', 'S2', 'S3', 'RSTO', 'RSTR', 'established', 'closed', 'CON', 'FIN'])

/** Adds one event to its pane. Constant time; the event's `ts` must lie in the pane. */
export function observe(pane: Pane, event: CanonicalEvent): void {
  const n = pane.counters
  const kind = eventKind(event.event_type)
  n[C.events]!++
  pane.activity[kind]!++
  pane.times.add(event.ts)
  observeTarget(pane, event)
  if (kind === KIND.flow) observeFlow(n, event)
  observeBytes(n, event)
  observeLogin(pane, event, kind)
  if (event.session !== undefined) pane.distinct('sessions').add(hash32(event.session))
  if (event.command !== undefined) observeCommand(pane, event.command)
  if (kind === KIND.file) n[C.fileTransfers]!++
  if (event.http) observeHttp(pane, event)
  if (kind === KIND.dns || event.dns) observeDns(pane, event)
  if (event.alert) {
    n[C.alerts]!++
    n[C.alertSeverity]! += 5 - Math.min(4, Math.max(1, event.alert.severity ?? 3))
  }
  if (kind === KIND['session-closed'] && event.duration_s !== undefined) {
    n[C.sessionsClosed]!++
    n[C.sessionDurationS]! += event.duration_s
    n[C.sessionDurationSquared]! += event.duration_s ** 2
  }
}

function observeTarget(pane: Pane, event: CanonicalEvent): void {
  const n = pane.counters
  const { dst_ip: host, dst_port: port, proto } = event
  const hostHash = host === undefined ? 0 : hash32(host)
  const icmp = proto === 'icmp' || proto === 'icmp6' || proto === 'ipv6-icmp'
  if (proto !== undefined) {
    n[C.protoKnown]!++
    if (proto === 'tcp') n[C.tcp]!++
    else if (proto === 'udp') n[C.udp]!++
    else if (icmp) n[C.icmp]!++
  }
  const service = serviceKind(event.service ?? (event.http ? 'http' : undefined), icmp ? undefined : port)
  if (service !== null) {
    n[C.serviceKnown]!++
    if (service !== 'other') n[C[service]]!++
  }
  // An ICMP record's "ports" are type and code.
  if (port !== undefined && !icmp) {
    n[C.portKnown]!++
    if (port < 1024) n[C.wellKnownPorts]!++
    else if (port >= 32_768) n[C.ephemeralPorts]!++
    pane.frequency('ports').add(port)
    if (port < pane.lowestPort) pane.lowestPort = port
    if (port > pane.highestPort) pane.highestPort = port
  }
  if (event.src_port !== undefined && !icmp) pane.distinct('sourcePorts').add(hash32(String(event.src_port)))
  if (host === undefined) return
  n[C.hostKnown]!++
  pane.frequency('hosts').add(hostHash)
  pane.contacts ??= new ContactSketch()
  pane.contacts.add(hostHash, icmp ? -1 : (port ?? -1), event.ts)
  const internal = isSiteLocal(host)
  if (internal) n[C.internalTargets]!++
  if (service === 'lateral' && internal) {
    n[C.lateralInternal]!++
    pane.distinct('lateralHosts').add(hostHash)
  }
  if (!internal && event.bytes_out !== undefined && event.bytes_in !== undefined) {
    n[C.externalBytesKnown]!++
    n[C.bytesOutExternal]! += event.bytes_out
    n[C.bytesInExternal]! += event.bytes_in
  }
}

function observeFlow(n: number[], event: CanonicalEvent): void {
  n[C.flows]!++
  const state = event.tcp_state
  if (event.pkts_in !== undefined || state !== undefined) {
    n[C.answerKnown]!++
    if (event.pkts_in === undefined ? state === 'S0' : event.pkts_in === 0) n[C.unanswered]!++
  }
  if (state !== undefined && event.proto !== 'udp') {
    n[C.stateKnown]!++
    if (REJECTED.has(state)) n[C.rejected]!++
    else if (ESTABLISHED.has(state)) n[C.established]!++
  }
  if (event.duration_s !== undefined) {
    n[C.durationKnown]!++
    n[C.durationS]! += event.duration_s
    n[C.durationSquared]! += event.duration_s ** 2
  }
}

function observeBytes(n: number[], event: CanonicalEvent): void {
  const { bytes_out: bytesOut, bytes_in: bytesIn, pkts_out: pktsOut, pkts_in: pktsIn } = event
  if (bytesOut !== undefined) {
    n[C.bytesKnown]!++
    n[C.bytesOut]! += bytesOut
    n[C.bytesOutSquared]! += bytesOut ** 2
    n[C.bytesIn]! += bytesIn ?? 0
  }
  if (pktsOut === undefined) return
  n[C.pktsKnown]!++
  n[C.pktsOut]! += pktsOut
  n[C.pktsIn]! += pktsIn ?? 0
  if (bytesOut === undefined) return
  n[C.bytesWithPkts]! += bytesOut + (bytesIn ?? 0)
  n[C.pktsWithBytes]! += pktsOut + (pktsIn ?? 0)
}

function observeLogin(pane: Pane, event: CanonicalEvent, kind: number): void {
  const n = pane.counters
  const failed = kind === KIND['login-failed'] || kind === KIND['invalid-user']
  const succeeded = kind === KIND['login-success']
  if (failed || succeeded || kind === KIND.connect || kind === KIND.client) n[C.authSeen]!++
  if (kind === KIND['session-closed'] || kind === KIND.command || kind === KIND.connect) n[C.shellSeen]!++
  // An invalid user is followed by the failed log-in of the same try, which is the one that counts.
  if (kind === KIND['login-failed']) n[C.failures]!++
  if (succeeded) {
    n[C.successes]!++
    if (event.ts < pane.firstSuccessTs) pane.firstSuccessTs = event.ts
  }
  if (event.username !== undefined && (failed || succeeded)) {
    const user = hash32(event.username)
    pane.distinct('users').add(user)
    if (kind === KIND['login-failed']) pane.frequency('failedUsers').add(user)
  }
  if (event.password === undefined) return
  pane.distinct('passwords').add(hash32(event.password))
  if (event.username === undefined) return
  n[C.pairKnown]!++
  if (isDefaultPair(event.username, event.password)) n[C.defaultPairs]!++
}

function observeCommand(pane: Pane, command: string): void {
  const n = pane.counters
  n[C.commands]!++
  pane.frequency('commands').add(hash32(command))
  const { recon, downloadExecute, persistence } = commandSignals(command)
  if (recon) n[C.reconCommands]!++
  if (downloadExecute) n[C.downloadExecute]!++
  if (persistence) n[C.persistence]!++
}

function observeHttp(pane: Pane, event: CanonicalEvent): void {
  const n = pane.counters
  const { path, status, user_agent: agent } = event.http!
  n[C.httpRequests]!++
  if (status !== undefined && status > 0) {
    n[C.httpStatusKnown]!++
    if (status >= 400) n[C.httpErrors]!++
  }
  if (path !== undefined) {
    pane.distinct('paths').add(hash32(path))
    pane.frequency('resources').add(hash32(path))
    if (isWebAttack(path)) n[C.attackPatterns]!++
  }
  if (agent !== undefined) {
    n[C.agentKnown]!++
    if (isScannerAgent(agent)) n[C.scannerAgents]!++
  }
}

function observeDns(pane: Pane, event: CanonicalEvent): void {
  const n = pane.counters
  const { query, rcode } = event.dns ?? {}
  n[C.dnsQueries]!++
  if (query !== undefined) {
    n[C.dnsNamesKnown]!++
    n[C.dnsEntropy]! += labelEntropy(query)
    pane.frequency('resources').add(hash32(query))
  }
  if (rcode !== undefined) {
    n[C.dnsRcodeKnown]!++
    if (rcode === 'NXDOMAIN') n[C.dnsFailed]!++
  }
}
