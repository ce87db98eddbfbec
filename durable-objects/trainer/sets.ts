import { SCHEMA_HASH } from '../../core/features/schema.ts'
import type { Dataset } from '../../core/learning/dataset.ts'
import { decodeDataset } from '../../core/learning/dataset-bytes.ts'
import goldenBytes from '../../models/golden.bin'
import rehearsalBytes from '../../models/rehearsal.bin'

/** Own labelled rows that ship with the model. */
export interface ShippedSets {
  /** Learned again with every run, so that what is new does not push out what is old. Throws where it cannot be read. */
  rehearsal: () => Dataset
  /** Never trained on: a model that is worse on it does not pass. Throws where it cannot be read. */
  golden: () => Dataset
}

export const SHIPPED_SETS: ShippedSets = {
  rehearsal: () => readSet('rehearsal set', rehearsalBytes),
  golden: () => readSet('golden set', goldenBytes),
}

function readSet(name: string, bytes: ArrayBuffer): Dataset {
  const read = decodeDataset(new Uint8Array(bytes), SCHEMA_HASH)
  if (!read.ok) throw new Error(`the ${name} that ships cannot be read: ${read.error.why}`)
  return read.value
}
