import { hash32 } from '../../window/hash.ts'
import { FEATURES } from '../schema.ts'

/**
 * Names one state of one source's window: where it is kept, which tracking of the source it is, the pane it ends with, how
 * many events have gone into it, and what threat intelligence said. Two vectors of one cursor are of the same events.
 */
export interface WindowCursor {
  /** As windows are kept: '' for public addresses live, a sensor's id for its site-local ones, a feed for a replay. */
  scope: string
  /** Where the source's first event lies in its partition's journal: a source that was forgotten is tracked anew. */
  trackedAs: string
  /** The window's last pane of 10 s of event time. */
  pane: number
  /** Events of the source up to that pane since it was first tracked. */
  events: number
  /** See `intelDigest`: a window is judged again, without a new event, when a look-up answers. */
  intel: string
}

const INTEL = FEATURES.flatMap(({ group }, column) => (group === 'threat intelligence' ? [column] : []))

/** What threat intelligence put into a vector, as eight hex digits; '' where it knew nothing. */
export function intelDigest(row: Float32Array): string {
  if (INTEL.every((column) => Number.isNaN(row[column]!))) return ''
  return hash32(INTEL.map((column) => row[column]).join())
    .toString(16)
    .padStart(8, '0')
}

/** As a stored value carries it; equal texts are equal cursors. */
export const cursorText = ({ scope, trackedAs, pane, events, intel }: WindowCursor): string =>
  `${pane}/${events}/${trackedAs}/${intel}/${scope}`
