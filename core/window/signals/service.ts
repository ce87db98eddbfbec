/** Application protocols that features tell apart. */
export type ServiceKind = 'http' | 'ssh' | 'dns' | 'tls' | 'lateral' | 'other'

const BY_NAME: Record<string, ServiceKind> = {
  http: 'http',
  https: 'tls',
  ssl: 'tls',
  tls: 'tls',
  quic: 'tls',
  'ssl,quic': 'tls',
  dtls: 'tls',
  ssh: 'ssh',
  dns: 'dns',
  domain: 'dns',
  smb: 'lateral',
  smbd: 'lateral',
  dce_rpc: 'lateral',
  dcerpc: 'lateral',
  rpc: 'lateral',
  epmapper: 'lateral',
  krb: 'lateral',
  krb_tcp: 'lateral',
  krb5: 'lateral',
  kerberos: 'lateral',
  ldap: 'lateral',
  rdp: 'lateral',
  winrm: 'lateral',
  ntlm: 'lateral',
  gssapi: 'lateral',
  'gssapi,smb': 'lateral',
  'gssapi,smb,ntlm': 'lateral',
  'smb,gssapi,ntlm': 'lateral',
}
const BY_PORT: Record<number, ServiceKind> = {
  80: 'http',
  8080: 'http',
  8000: 'http',
  8888: 'http',
  443: 'tls',
  8443: 'tls',
  22: 'ssh',
  2222: 'ssh',
  53: 'dns',
  88: 'lateral',
  111: 'lateral',
  135: 'lateral',
  137: 'lateral',
  138: 'lateral',
  139: 'lateral',
  389: 'lateral',
  445: 'lateral',
  464: 'lateral',
  593: 'lateral',
  636: 'lateral',
  3268: 'lateral',
  3269: 'lateral',
  3389: 'lateral',
  5985: 'lateral',
  5986: 'lateral',
}

/** By name where the sensor knows it, else by destination port, else null. */
export function serviceKind(service: string | undefined, port: number | undefined): ServiceKind | null {
  if (service !== undefined) return BY_NAME[service] ?? (port !== undefined ? (BY_PORT[port] ?? 'other') : 'other')
  return port === undefined ? null : (BY_PORT[port] ?? 'other')
}
