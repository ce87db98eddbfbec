import { C, type CounterName } from '../window/counters.ts'
import { type FeatureRow, featureGroup, ratio } from './feature.ts'

const share = (definition: string, part: CounterName, whole: CounterName, absent: string): FeatureRow => ({
  definition,
  unit: 'ratio',
  range: [0, 1],
  transform: 'none',
  absent,
  of: ({ sum }) => ratio(sum.counters[C[part]]!, sum.counters[C[whole]]!),
})
const transport = (name: 'tcp' | 'udp' | 'icmp') =>
  share(`Share of events over ${name.toUpperCase()}.`, name, 'protoKnown', 'no event names its transport')
const service = (name: 'http' | 'ssh' | 'dns' | 'tls' | 'lateral', what: string) =>
  share(
    `Share of events of ${what}, by service where known, else by port.`,
    name,
    'serviceKnown',
    'neither service nor port is named',
  )

/** What the source speaks. */
export const protocols = featureGroup('protocols', {
  tcp_share: transport('tcp'),
  udp_share: transport('udp'),
  icmp_share: transport('icmp'),
  http_share: service('http', 'HTTP'),
  ssh_share: service('ssh', 'SSH'),
  dns_share: service('dns', 'DNS'),
  tls_share: service('tls', 'TLS'),
  lateral_share: service('lateral', 'the protocols of lateral movement (SMB, RDP, WinRM, LDAP, Kerberos, RPC)'),
})
