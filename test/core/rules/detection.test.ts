import { describe, expect, it } from 'vitest'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { compileRules } from '../../../core/rules/compile.ts'
import { evaluateRules } from '../../../core/rules/evaluate.ts'
import { linearPattern } from '../../../core/rules/linear-pattern.ts'
import { ruleSource } from './rule-content.ts'

const event = (part: Partial<CanonicalEvent>): CanonicalEvent => ({
  ts: 1,
  src_ip: '203.0.113.7',
  event_type: 'flow',
  ...part,
})

function matches(detection: Record<string, unknown>, part: Partial<CanonicalEvent>): boolean {
  const set = compileRules([ruleSource('one', { detection: { condition: 'selection', ...detection } })])
  expect(set.refusals).toEqual([])
  return evaluateRules(set, [event(part)]).length === 1
}
const path = (text: string): Partial<CanonicalEvent> => ({ http: { path: text } })

describe('a selection', () => {
  it.each([
    ['compares text without case', { username: 'ROOT' }, { username: 'root' }, true],
    ['compares with case when cased', { 'username|cased': 'ROOT' }, { username: 'root' }, false],
    ['takes any of a list', { dst_port: [22, 23] }, { dst_port: 23 }, true],
    ['takes all of a list with all', { 'command|contains|all': ['wget', 'chmod'] }, { command: 'wget x' }, false],
    ['knows wildcards', { username: 'svc-*-0?' }, { username: 'svc-backup-07' }, true],
    ['knows wildcards at the ends only where they stand', { username: 'svc-*' }, { username: 'my-svc-1' }, false],
    ['takes an escaped wildcard as text', { username: 'a\\*b' }, { username: 'a*b' }, true],
    ['does not take an escaped wildcard as wildcard', { username: 'a\\*b' }, { username: 'axxb' }, false],
    ['null is absent', { username: null }, {}, true],
    ['null is not the empty text', { username: null }, { username: '' }, false],
    ['exists', { 'username|exists': true }, {}, false],
    ['finds an address in a network', { 'src_ip|cidr': ['10.0.0.0/8', '203.0.113.0/24'] }, {}, true],
    ['an IPv4 address is in no IPv6 network', { 'src_ip|cidr': '2001:db8::/32' }, {}, false],
    ['an absent number is neither over nor under', { 'bytes_out|lt': 5 }, {}, false],
    ['a number that is text in the rule is another', { dst_port: '22' }, { dst_port: 22 }, true],
    ['a pattern is with case', { 'username|re': '^Root$' }, { username: 'root' }, false],
    ['a pattern is without case with i', { 'username|re|i': '^Root$' }, { username: 'root' }, true],
    ['knows what kind of event it is', { event_kind: 'login-failed' }, { event_type: 'gitea.login.failed' }, true],
    ['knows inside from outside', { src_scope: 'private' }, { src_ip: 'fd00::1' }, true],
    ['takes broadcast for inside', { dst_scope: 'private' }, { dst_ip: '255.255.255.255' }, true],
  ])('%s', (_name, selection, part, expected) =>
    expect(matches({ selection }, part as Partial<CanonicalEvent>)).toBe(expected),
  )

  it.each(['/a?q=<script>', '/a?q=%3Cscript%3E', '/a?q=%253CScRiPt%253E'])(
    'sees through percent-encoding in %s',
    (text) => expect(matches({ selection: { 'http.decoded_path|contains': '<script>' } }, path(text))).toBe(true),
  )

  it('a list of maps needs one of them', () => {
    const selection = [{ username: 'root', dst_port: 22 }, { username: 'admin' }]
    expect(matches({ selection }, { username: 'admin' })).toBe(true)
    expect(matches({ selection }, { username: 'root' })).toBe(false)
  })
})

describe('a condition', () => {
  const selections = {
    a: { username: 'a*' },
    b: { username: '*b' },
    probe_1: { dst_port: 1 },
    probe_2: { dst_port: 2 },
  }
  it.each([
    ['a and b', { username: 'ab' }, true],
    ['a and not b', { username: 'ab' }, false],
    ['not a or b', { username: 'xb' }, true],
    ['a or b and probe_1', { username: 'a' }, true],
    ['(a or b) and probe_1', { username: 'a' }, false],
    ['1 of probe_*', { dst_port: 2 }, true],
    ['all of probe_*', { dst_port: 2 }, false],
    ['any of them', {}, false],
    ['not 1 of them', {}, true],
    ['NOT (a OR b)', { username: 'c' }, true],
  ])('%s', (condition, part, expected) => expect(matches({ ...selections, condition }, part)).toBe(expected))
})

it('a pattern that would backtrack for years is matched in milliseconds', () => {
  const pattern = linearPattern('^(a+)+$', false)
  if (!pattern.ok) throw new Error(pattern.error)
  const started = performance.now()
  expect(pattern.value(`${'a'.repeat(4000)}!`)).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})
