import type { ClassId } from '../../taxonomy.ts'
import { VERDICTS } from '../verifier.ts'
import type { CaseFacts } from './reuse.ts'

/** Bytes a case's facts take: four of them small numbers, then length (float32) and time (float64), little-endian. */
export const FACT_BYTES = 16

const TAKEN = 1
const ANALYST = 2
const REUSED = 4

/** Null where the place is not taken. */
export function readFacts(block: DataView, place: number): CaseFacts | null {
  const at = place * FACT_BYTES
  const flags = block.getUint8(at + 3)
  if ((flags & TAKEN) === 0) return null
  return {
    predictedClass: block.getUint8(at) as ClassId,
    threatClass: block.getUint8(at + 1) as ClassId,
    verdict: VERDICTS[block.getUint8(at + 2)]!,
    isAnalyst: (flags & ANALYST) !== 0,
    isReused: (flags & REUSED) !== 0,
    length: block.getFloat32(at + 4, true),
    at: block.getFloat64(at + 8, true),
  }
}

export function writeFacts(block: DataView, place: number, facts: CaseFacts): void {
  const at = place * FACT_BYTES
  block.setUint8(at, facts.predictedClass)
  block.setUint8(at + 1, facts.threatClass)
  block.setUint8(at + 2, VERDICTS.indexOf(facts.verdict))
  block.setUint8(at + 3, TAKEN | (facts.isAnalyst ? ANALYST : 0) | (facts.isReused ? REUSED : 0))
  block.setFloat32(at + 4, facts.length, true)
  block.setFloat64(at + 8, facts.at, true)
}
