import { expect, it } from 'vitest'
import { cronMatches } from '../../../scripts/local/cron.ts'

const at = (text: string) => new Date(`${text}Z`)

it.each([
  ['*/60 * * * *', '2026-11-24T08:00:00', true],
  ['*/60 * * * *', '2026-11-24T08:01:00', false],
  ['*/5 * * * *', '2026-11-24T08:35:00', true],
  ['*/5 * * * *', '2026-11-24T08:36:00', false],
  ['3-9/3 * * * *', '2026-11-24T08:06:00', true],
  ['3-9/3 * * * *', '2026-11-24T08:12:00', false],
  ['10/20 * * * *', '2026-11-24T08:50:00', true],
  ['0 6,18 * * *', '2026-11-24T18:00:00', true],
  ['0 6,18 * * *', '2026-11-24T12:00:00', false],
  // 24 November 2026 is a Tuesday: the third day from Sunday.
  ['0 0 * * 3', '2026-11-24T00:00:00', true],
  ['0 0 * * 2', '2026-11-24T00:00:00', false],
  ['0 0 24 11 *', '2026-11-24T00:00:00', true],
])('%s at %s: %s', (expression, time, matches) => {
  expect(cronMatches(expression, at(time))).toBe(matches)
})

it.each(['* * * *', '60 * * * *', '*/0 * * * *', 'MON * * * *', '5-3 * * * *'])('refuses %s', (expression) => {
  expect(() => cronMatches(expression, at('2026-11-24T00:00:00'))).toThrow(expression)
})
