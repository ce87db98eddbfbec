import { expect, it } from 'vitest'
import { readRuleText } from '../../../scripts/rule-set.mjs'

it('reads YAML as plain values', () =>
  expect(readRuleText("a: 1\nb: [x, 'y|z']\n")).toEqual({ content: { a: 1, b: ['x', 'y|z'] } }))

it.each([
  ['an alias to itself', 'a: &a [*a]\n', /YAML alias/],
  ['aliases of aliases', 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n', /YAML alias/],
  ['one key twice', 'a: 1\na: 2\n', /unique/],
  ['a broken line, with its place', 'a: [1\nb: 2\n', /line 2/],
  ['a file larger than any rule', `a: ${'x'.repeat(70_000)}`, /larger than/],
])('refuses %s', (_what, text, why) => {
  const read = readRuleText(text)
  expect(read.content).toBeNull()
  expect(read.unreadable).toMatch(why)
})
