/** The seven classes: what a source is doing in a window. Ids are the model's output columns. */
export const CLASSES = [
  { id: 0, name: 'Normal', family: 'normal', severity: 'none' },
  { id: 1, name: 'DDoS/DoS', family: 'denial-of-service', severity: 'high' },
  { id: 2, name: 'Network Reconnaissance', family: 'reconnaissance', severity: 'medium' },
  { id: 3, name: 'Brute Force Attack', family: 'brute-force', severity: 'high' },
  { id: 4, name: 'Web Application Attack', family: 'web-attack', severity: 'high' },
  { id: 5, name: 'Malware/Botnet', family: 'malware', severity: 'critical' },
  { id: 6, name: 'APT', family: 'intrusion', severity: 'critical' },
] as const

export const CLASS_COUNT = CLASSES.length
export type ClassId = (typeof CLASSES)[number]['id']
export type ClassFamily = (typeof CLASSES)[number]['family']

export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

export const classOf = (id: ClassId) => CLASSES[id]
