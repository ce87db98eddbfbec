import type { CanonicalEvent } from '../events/event.ts'
import { isSiteLocal } from '../events/source.ts'
import { PANE_MS, paneOf, WINDOW_PANES } from '../window/pane-times.ts'
import { isDefaultPair } from '../window/signals/credentials.ts'
import { labelEntropy } from '../window/signals/dns-name.ts'
import { EVENT_KINDS, eventKind } from '../window/signals/event-kind.ts'
import { serviceKind } from '../window/signals/service.ts'
import { commandSignals } from '../window/signals/shell-command.ts'
import { isScannerAgent, isWebAttack } from '../window/signals/web-attack.ts'
import type { GraphContext } from '../window/target-table.ts'

const NONE = Number.NaN
const HOUR_PANES = 3_600_000 / PANE_MS
const DAY_PANES = 24 * HOUR_PANES

/**
 * The features straight from a source's events, by their definitions: slow, obvious, exact, and without sketches, panes
 * or state. Tests hold the one-pass extractor to it: equal for counters, within the stated error for sketches.
 * @param events all the source's events so far, in any order
 * @param last pane that the window ends with
 * @returns feature name to value; threat intelligence is left out
 */
export function referenceFeatures(
  events: readonly CanonicalEvent[],
  last: number,
  graph: GraphContext | null,
): Record<string, number> {
  const sorted = [...events].sort((a, b) => a.ts - b.ts)
  const window = sorted.filter(({ ts }) => paneOf(ts) <= last && paneOf(ts) > last - WINDOW_PANES)
  const past = sorted.filter(({ ts }) => paneOf(ts) <= last - WINDOW_PANES)
  return {
    ...volume(window, past, last),
    ...timing(window, past, last),
    ...portsAndHosts(window, past, last),
    ...protocols(window),
    ...flow(window),
    ...auth(window),
    ...commands(window),
    ...content(window),
    ...behaviour(window, past, last),
    ...graphFeatures(window, graph),
  }
}

const kindOf = (event: CanonicalEvent) => EVENT_KINDS[eventKind(event.event_type)]!
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const mean = (values: readonly number[]) => (values.length > 0 ? total(values) / values.length : NONE)
const deviation = (values: readonly number[]) =>
  values.length > 1 ? Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) : NONE
const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : NONE)
const defined = <Value>(values: readonly (Value | undefined)[]) =>
  values.filter((value) => value !== undefined) as Value[]

function counts<Key>(keys: readonly Key[]): Map<Key, number> {
  const counted = new Map<Key, number>()
  for (const key of keys) counted.set(key, (counted.get(key) ?? 0) + 1)
  return counted
}
const most = (counted: Map<unknown, number>) => Math.max(0, ...counted.values())
function entropy(keys: readonly unknown[]): number {
  if (keys.length === 0) return NONE
  return -total([...counts(keys).values()].map((n) => (n / keys.length) * Math.log2(n / keys.length)))
}

function volume(window: CanonicalEvent[], past: CanonicalEvent[], last: number) {
  const panes = counts(window.map(({ ts }) => paneOf(ts)))
  const span = spanOf(window)
  const decayed = (horizon: number) => total(past.map(({ ts }) => Math.exp(-(last - paneOf(ts)) / horizon)))
  const sessions = defined(window.map(({ session }) => session))
  return {
    events_1m: since(window, last, 6),
    events_5m: window.length,
    events_1h: decayed(HOUR_PANES),
    events_24h: decayed(DAY_PANES),
    peak_10s: most(panes),
    mean_rate: span > 0 ? (window.length - 1) / span : NONE,
    burstiness: most(panes) / (window.length / panes.size),
    active_pane_fraction: panes.size / WINDOW_PANES,
    span_s: span,
    sessions: sessions.length > 0 ? new Set(sessions).size : NONE,
  }
}
const spanOf = (window: CanonicalEvent[]) => (window.at(-1)!.ts - window[0]!.ts) / 1000
const since = (window: CanonicalEvent[], last: number, panes: number) =>
  window.filter(({ ts }) => paneOf(ts) > last - panes).length
const gapsOf = (window: CanonicalEvent[]) => window.slice(1).map(({ ts }, i) => (ts - window[i]!.ts) / 1000)

function timing(window: CanonicalEvent[], past: CanonicalEvent[], last: number) {
  const gaps = gapsOf(window)
  const sorted = [...gaps].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  const some = gaps.length > 0
  const spread = some ? Math.sqrt(mean(gaps.map((gap) => (gap - mean(gaps)) ** 2))) : NONE
  const recent = since(window, last, 6)
  const beacon = beaconOf(past)
  return {
    iat_mean: mean(gaps),
    iat_std: spread,
    iat_cv: mean(gaps) > 0 ? spread / mean(gaps) : NONE,
    iat_min: some ? sorted[0]! : NONE,
    iat_median: some ? median : NONE,
    iat_max: some ? sorted.at(-1)! : NONE,
    acceleration: Math.log2((recent + 1) / ((window.length - recent) / 4 + 1)),
    silence_max_fraction: spanOf(window) > 0 ? sorted.at(-1)! / spanOf(window) : NONE,
    beacon_score: beacon.score,
    repeat_interval_s: beacon.interval,
  }
}

/** The series that History keeps, from the first contact of each pane; exact while there are at most 12 of them. */
function beaconOf(past: CanonicalEvent[]): { score: number; interval: number } {
  const firsts = new Map<string, Map<number, number>>()
  for (const { ts, dst_ip, dst_port, proto } of past) {
    if (dst_ip === undefined) continue
    const key = `${dst_ip} ${isIcmp(proto) ? -1 : (dst_port ?? -1)}`
    const panes = firsts.get(key) ?? new Map<number, number>()
    panes.set(paneOf(ts), Math.min(ts, panes.get(paneOf(ts)) ?? ts))
    firsts.set(key, panes)
  }
  let best = { score: NONE, interval: NONE }
  for (const panes of firsts.values()) {
    const times = [...panes.values()].sort((a, b) => a - b)
    const gaps = times
      .slice(1)
      .map((ts, i) => ts - times[i]!)
      .filter((gap) => gap >= 15_000 && gap <= 6 * 3_600_000)
    if (gaps.length < 3) continue
    const variation = Math.sqrt(mean(gaps.map((gap) => (gap - mean(gaps)) ** 2))) / mean(gaps)
    const score = (gaps.length / (gaps.length + 3)) * (1 / (1 + variation))
    if (!(score <= best.score)) best = { score, interval: mean(gaps) / 1000 }
  }
  return best
}

const isIcmp = (proto: string | undefined) => proto === 'icmp' || proto === 'icmp6' || proto === 'ipv6-icmp'

function portsAndHosts(window: CanonicalEvent[], past: CanonicalEvent[], last: number) {
  const span = spanOf(window)
  const ports = defined(window.filter(({ proto }) => !isIcmp(proto)).map(({ dst_port }) => dst_port))
  const hosts = defined(window.map(({ dst_ip }) => dst_ip))
  const distinctPorts = new Set(ports)
  const contacts = new Set(
    window.flatMap(({ dst_ip, dst_port, proto }) =>
      dst_ip === undefined ? [] : [`${dst_ip} ${isIcmp(proto) ? -1 : (dst_port ?? -1)}`],
    ),
  )
  const split = [...contacts].map((contact) => contact.split(' '))
  const low = Math.min(...ports)
  const high = Math.max(...ports)
  const someHost = hosts.length > 0
  const sourcePorts = defined(window.filter(({ proto }) => !isIcmp(proto)).map(({ src_port }) => src_port))
  return {
    distinct_dst_ports: ports.length > 0 ? distinctPorts.size : NONE,
    dst_port_entropy: entropy(ports),
    ports_per_s: ports.length > 0 && span > 0 ? (distinctPorts.size - 1) / span : NONE,
    top_port_share: ratio(most(counts(ports)), ports.length),
    well_known_port_share: ratio(ports.filter((port) => port < 1024).length, ports.length),
    ephemeral_port_share: ratio(ports.filter((port) => port >= 32_768).length, ports.length),
    sequential_port_ratio: high > low ? (distinctPorts.size - 1) / (high - low) : NONE,
    max_ports_per_host: someHost ? most(counts(split.map(([host]) => host))) : NONE,
    distinct_dst_hosts_24h: someHost ? hostsOfDay(window, past, last) : NONE,
    hosts_per_s: someHost && span > 0 ? (new Set(hosts).size - 1) / span : NONE,
    max_hosts_per_port: someHost ? most(counts(split.map(([, port]) => port))) : NONE,
    top_host_share: ratio(most(counts(hosts)), hosts.length),
    internal_dst_share: ratio(hosts.filter(isSiteLocal).length, hosts.length),
    distinct_src_ports: sourcePorts.length > 0 ? new Set(sourcePorts).size : NONE,
    distinct_destinations: someHost ? new Set(hosts).size : NONE,
    destination_entropy: entropy(hosts),
  }
}

function hostsOfDay(window: CanonicalEvent[], past: CanonicalEvent[], last: number): number {
  const seen = new Map<string, number>()
  for (const { dst_ip, ts } of past) if (dst_ip !== undefined) seen.set(dst_ip, paneOf(ts))
  for (const { dst_ip } of window) if (dst_ip !== undefined) seen.set(dst_ip, last)
  return total([...seen.values()].map((pane) => Math.exp(-(last - pane) / DAY_PANES)))
}

function protocols(window: CanonicalEvent[]) {
  const known = defined(window.map(({ proto }) => proto))
  const services = window
    .map((event) =>
      serviceKind(event.service ?? (event.http ? 'http' : undefined), isIcmp(event.proto) ? undefined : event.dst_port),
    )
    .filter((kind) => kind !== null)
  const transport = (test: (proto: string) => boolean) => ratio(known.filter(test).length, known.length)
  const service = (name: string) => ratio(services.filter((kind) => kind === name).length, services.length)
  return {
    tcp_share: transport((proto) => proto === 'tcp'),
    udp_share: transport((proto) => proto === 'udp'),
    icmp_share: transport(isIcmp),
    http_share: service('http'),
    ssh_share: service('ssh'),
    dns_share: service('dns'),
    tls_share: service('tls'),
    lateral_share: service('lateral'),
  }
}

const REJECTED = ['REJ', 'RSTRH', 'RSTOS0', 'rejected']
const ESTABLISHED = ['SF', 'S1', 'S2', 'S3', 'RSTO', 'RSTR', 'established', 'closed', 'CON', 'FIN']

function flow(window: CanonicalEvent[]) {
  const flows = window.filter((event) => kindOf(event) === 'flow')
  const sized = window.filter(({ bytes_out }) => bytes_out !== undefined)
  const counted = window.filter(({ pkts_out }) => pkts_out !== undefined)
  const out = total(sized.map(({ bytes_out }) => bytes_out!))
  const back = total(sized.map(({ bytes_in }) => bytes_in ?? 0))
  const both = counted.filter(({ bytes_out }) => bytes_out !== undefined)
  const durations = defined(flows.map(({ duration_s }) => duration_s))
  const time = Math.max(1, total(durations))
  const tells = flows.filter(({ pkts_in, tcp_state }) => pkts_in !== undefined || tcp_state !== undefined)
  const silent = tells.filter(({ pkts_in, tcp_state }) => (pkts_in === undefined ? tcp_state === 'S0' : pkts_in === 0))
  const states = defined(flows.filter(({ proto }) => proto !== 'udp').map(({ tcp_state }) => tcp_state))
  const some = (known: readonly unknown[], value: number) => (known.length > 0 ? value : NONE)
  return {
    flows: flows.length,
    bytes_out: some(sized, out),
    bytes_in: some(sized, back),
    out_in_log_ratio: some(sized, Math.log2((out + 1) / (back + 1))),
    bytes_out_mean: mean(sized.map(({ bytes_out }) => bytes_out!)),
    bytes_out_std: deviation(sized.map(({ bytes_out }) => bytes_out!)),
    pkts_out: some(counted, total(counted.map(({ pkts_out }) => pkts_out!))),
    pkts_in: some(counted, total(counted.map(({ pkts_in }) => pkts_in ?? 0))),
    packet_size_mean: ratio(
      total(both.map(({ bytes_out, bytes_in }) => bytes_out! + (bytes_in ?? 0))),
      total(both.map(({ pkts_out, pkts_in }) => pkts_out! + (pkts_in ?? 0))),
    ),
    packet_rate: some(durations, some(counted, total(counted.map(({ pkts_out }) => pkts_out!)) / time)),
    byte_rate: some(durations, some(sized, (out + back) / time)),
    duration_mean: mean(durations),
    duration_std: deviation(durations),
    unanswered_share: ratio(silent.length, tells.length),
    rejected_share: ratio(states.filter((state) => REJECTED.includes(state)).length, states.length),
    established_share: ratio(states.filter((state) => ESTABLISHED.includes(state)).length, states.length),
  }
}

function auth(window: CanonicalEvent[]) {
  const isFailure = (event: CanonicalEvent) => kindOf(event) === 'login-failed'
  const isSuccess = (event: CanonicalEvent) => kindOf(event) === 'login-success'
  const failures = window.filter(isFailure)
  const successes = window.filter(isSuccess)
  const seen = window.some((event) =>
    ['login-failed', 'invalid-user', 'login-success', 'connect', 'client'].includes(kindOf(event)),
  )
  const users = defined(
    window
      .filter((event) => isFailure(event) || isSuccess(event) || kindOf(event) === 'invalid-user')
      .map(({ username }) => username),
  )
  const failed = defined(failures.map(({ username }) => username))
  const passwords = defined(window.map(({ password }) => password))
  const pairs = window.filter(({ username, password }) => username !== undefined && password !== undefined)
  const firstSuccess = successes[0] && paneOf(successes[0].ts)
  return {
    failures: seen ? failures.length : NONE,
    successes: seen ? successes.length : NONE,
    failure_rate: ratio(failures.length, failures.length + successes.length),
    distinct_usernames: users.length > 0 ? new Set(users).size : NONE,
    distinct_passwords: passwords.length > 0 ? new Set(passwords).size : NONE,
    usernames_per_failure: ratio(new Set(failed).size, failed.length),
    max_tries_per_username: failed.length > 0 ? most(counts(failed)) : NONE,
    default_pair_share: ratio(pairs.filter((e) => isDefaultPair(e.username!, e.password!)).length, pairs.length),
    failures_before_success:
      firstSuccess === undefined ? NONE : failures.filter(({ ts }) => paneOf(ts) <= firstSuccess).length,
  }
}

function commands(window: CanonicalEvent[]) {
  const run = defined(window.map(({ command }) => command))
  const signals = run.map(commandSignals)
  const shell = window.some((event) => ['session-closed', 'command', 'connect'].includes(kindOf(event)))
  const files = window.filter((event) => kindOf(event) === 'file').length
  const share = (signal: 'recon' | 'downloadExecute' | 'persistence') =>
    ratio(signals.filter((found) => found[signal]).length, run.length)
  return {
    commands: shell || run.length > 0 ? run.length : NONE,
    distinct_commands: run.length > 0 ? new Set(run).size : NONE,
    recon_command_share: share('recon'),
    download_execute_share: share('downloadExecute'),
    persistence_share: share('persistence'),
    file_transfers: shell || files > 0 ? files : NONE,
    command_entropy: entropy(run),
  }
}

function content(window: CanonicalEvent[]) {
  const requests = window.filter(({ http }) => http !== undefined)
  const statuses = defined(requests.map(({ http }) => http?.status)).filter((status) => status > 0)
  const paths = defined(requests.map(({ http }) => http?.path))
  const agents = defined(requests.map(({ http }) => http?.user_agent))
  const lookUps = window.filter((event) => kindOf(event) === 'dns' || event.dns !== undefined)
  const names = defined(lookUps.map(({ dns }) => dns?.query))
  const codes = defined(lookUps.map(({ dns }) => dns?.rcode))
  const alerts = defined(window.map(({ alert }) => alert))
  return {
    http_error_share: ratio(statuses.filter((status) => status >= 400).length, statuses.length),
    distinct_paths: paths.length > 0 ? new Set(paths).size : NONE,
    attack_pattern_share: ratio(paths.filter(isWebAttack).length, requests.length),
    scanner_agent_share: ratio(agents.filter(isScannerAgent).length, agents.length),
    dns_suspicion:
      mean(names.map(labelEntropy)) / 5 +
      (codes.length > 0 ? codes.filter((code) => code === 'NXDOMAIN').length / codes.length : 0),
    alert_severity_sum:
      alerts.length > 0 ? total(alerts.map(({ severity }) => 5 - Math.min(4, Math.max(1, severity ?? 3)))) : NONE,
  }
}

function behaviour(window: CanonicalEvent[], past: CanonicalEvent[], last: number) {
  const bins = gapsOf(window).map((gap) =>
    gap * 1000 < 1 ? 0 : Math.min(39, 1 + Math.floor(2 * Math.log2(gap * 1000))),
  )
  const inBin = counts(bins)
  const mode = [...inBin].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? 0
  const nearMode = bins.filter((bin) => Math.abs(bin - mode) <= 1).length
  const closed = defined(
    window.filter((event) => kindOf(event) === 'session-closed').map(({ duration_s }) => duration_s),
  )
  const resources = [...defined(window.map(({ http }) => http?.path)), ...defined(window.map(({ dns }) => dns?.query))]
  const hosts = window.filter(({ dst_ip }) => dst_ip !== undefined)
  const lateral = hosts.filter((event) => {
    const service = serviceKind(
      event.service ?? (event.http ? 'http' : undefined),
      isIcmp(event.proto) ? undefined : event.dst_port,
    )
    return service === 'lateral' && isSiteLocal(event.dst_ip!)
  })
  const external = hosts.filter((e) => !isSiteLocal(e.dst_ip!) && e.bytes_out !== undefined && e.bytes_in !== undefined)
  const out = total(external.map(({ bytes_out }) => bytes_out!))
  const back = total(external.map(({ bytes_in }) => bytes_in!))
  return {
    timing_regularity: ratio(nearMode, bins.length),
    behavioural_consistency: consistency(window, past, last),
    session_duration_variance: closed.length > 1 ? deviation(closed) ** 2 : NONE,
    inter_event_time_entropy: bins.length > 0 ? entropy(bins) / Math.log2(40) : NONE,
    resource_access_diversity: resources.length > 1 ? entropy(resources) / Math.log2(resources.length) : NONE,
    lateral_movement_score:
      ratio(lateral.length, hosts.length) * (Math.log2(1 + new Set(lateral.map(({ dst_ip }) => dst_ip)).size) / 6),
    exfiltration_score: ratio(out, out + back) * (Math.log10(1 + out) / 10),
  }
}

function consistency(window: CanonicalEvent[], past: CanonicalEvent[], last: number): number {
  if (past.length === 0) return NONE
  const profile = (events: CanonicalEvent[], weight: (event: CanonicalEvent) => number) =>
    EVENT_KINDS.map((kind) => total(events.filter((event) => kindOf(event) === kind).map(weight)))
  const now = profile(window, () => 1)
  const before = profile(past, ({ ts }) => Math.exp(-(last - paneOf(ts)) / HOUR_PANES))
  const dot = total(now.map((value, i) => value * before[i]!))
  return dot / Math.sqrt(total(now.map((value) => value ** 2)) * total(before.map((value) => value ** 2)))
}

function graphFeatures(window: CanonicalEvent[], graph: GraphContext | null) {
  const hosts = new Set(defined(window.map(({ dst_ip }) => dst_ip))).size
  const known = hosts > 0 && graph !== null
  return {
    degree_centrality: known ? Math.min(1, ratio(hosts, graph.sensorTargets)) : NONE,
    clustering_coefficient: known ? graph.sharedTargets : NONE,
    target_fan_in: known ? graph.targetFanIn : NONE,
    target_load: known ? graph.targetLoad : NONE,
    reciprocity: known ? graph.reciprocal : NONE,
  }
}
