/** A rule's content as its YAML would give it, for tests; `part` replaces keys at the top. */
export const ruleContent = (part: Record<string, unknown> = {}): Record<string, unknown> => ({
  title: 'Log-ins fail',
  id: '0f7b7a0e-3a64-4f9b-9d0a-6a3f9b1f2c11',
  description: 'For a test.',
  status: 'test',
  level: 'high',
  class: 'Brute Force Attack',
  falsepositives: ['None known'],
  tags: ['attack.t1110.001'],
  detection: { failed: { event_type: 'ssh.login.failed' }, condition: 'failed' },
  ...part,
})

export const ruleSource = (name: string, part: Record<string, unknown> = {}) => ({
  name,
  file: `rules/${name}/rule.yml`,
  content: ruleContent(part),
})
