const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `10s`, `5m`, `1h30m` (Go's form, which CrowdSec uses) or `1d` (Sigma's); null for anything else, and for 0. */
export function durationMs(text: string): number | null {
  if (!/^(?:\d{1,6}(?:\.\d{1,3})?(?:ms|s|m|h|d)){1,4}$/.test(text)) return null
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(count) * UNITS[unit!]!
  return total > 0 ? total : null
}

/** In the same words: `90000` is `1m30s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  let left = Math.round(ms / 1000)
  const parts: string[] = []
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    if (left >= seconds) parts.push(`${Math.floor(left / seconds)}${unit}`)
    left %= seconds
  }
  return parts.slice(0, 2).join('')
}
