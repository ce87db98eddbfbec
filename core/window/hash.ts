/**
 * 32-bit hash of a text, 0..2^32-1: FNV-1a over UTF-16 code units, then MurmurHash3's finaliser so that all bits
 * depend on all input (sketches use the high bits as well as the low). Not for secrets.
 */
export function hash32(text: string, seed = 0): number {
  let h = 0x811c9dc5 ^ seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix32(h)
}

/** Spreads a 32-bit integer over 0..2^32-1; a bijection (MurmurHash3's fmix32). */
export function mix32(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** One hash of two, order matters. */
export const pair32 = (a: number, b: number): number => mix32(Math.imul(a, 0x9e3779b1) ^ mix32(b + 0x7f4a7c15))
