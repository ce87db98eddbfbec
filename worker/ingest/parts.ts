import type { ReadEvent } from '../../core/events/event.ts'

/**
 * A call to a Durable Object carries at most 32 MiB. Text grows on its way (escapes, the parsed event beside it), so a
 * batch of longer lines goes in several calls; 10,000 lines of usual length go in one.
 */
const PART_CHARACTERS = 4 * 1024 * 1024

/** The events in order, cut where a part's original lines would hold more than `characters`. Alike for alike input. */
export function inParts(reads: ReadEvent[], characters: number = PART_CHARACTERS): ReadEvent[][] {
  const parts: ReadEvent[][] = []
  let part: ReadEvent[] = []
  let size = 0
  for (const read of reads) {
    if (part.length > 0 && size + read.original.length > characters) {
      parts.push(part)
      part = []
      size = 0
    }
    part.push(read)
    size += read.original.length
  }
  if (part.length > 0) parts.push(part)
  return parts
}
