import type { EpochMs } from '../core/time.ts'

/** 12345 as 12,345. */
export const count = (n: number): string => Math.round(n).toLocaleString('en')

export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`

/** A probability or share, 0..1. What is not quite all or nothing never reads as all or nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1 %'
  if (share < 1 && share > 0.999) return '>99.9 %'
  return `${(share * 100).toFixed(1)} %`
}

/** A feature's value with four significant digits at most; counts in full. */
export function measured(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en')
  const size = Math.abs(value)
  if (size >= 1000) return value.toLocaleString('en', { maximumFractionDigits: 0 })
  if (size !== 0 && size < 0.001) return value.toExponential(1)
  return String(Number(value.toPrecision(4)))
}

/** With its sign, three decimals, a true minus. */
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`

/** A span of time in its largest fitting unit: 45 s, 12 min, 5 h, 3 d. */
export function duration(ms: number): string {
  const s = Math.max(0, ms) / 1000
  if (s < 90) return `${Math.round(s)} s`
  if (s < 90 * 60) return `${Math.round(s / 60)} min`
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`
  return `${count(s / 86_400)} d`
}

export const utc = (ms: EpochMs): string => new Date(ms).toISOString()

/** 2026-11-24 08:15:02 UTC */
export const utcText = (ms: EpochMs): string => `${utc(ms).slice(0, 19).replace('T', ' ')} UTC`
