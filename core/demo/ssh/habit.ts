import type { Random } from '../../learning/random.ts'
import type { ClassId } from '../../taxonomy.ts'
import type { EpochMs } from '../../time.ts'
import type { SshHost, SshRecorder } from './record.ts'

/** One source's part of a site's day. */
export interface SshStage {
  random: Random
  recorder: SshRecorder
  source: string
  hosts: readonly SshHost[]
  from: EpochMs
  to: EpochMs
}

/** What some sources do at SSH servers, and what it is in truth. */
export interface SshHabit {
  name: string
  threatClass: ClassId
  play(stage: SshStage): void
}

export const BENIGN: ClassId = 0
export const BRUTE_FORCE: ClassId = 3
