/**
 * Names one state of one source's window: where it is kept, which tracking of the source it is, the pane it ends with and
 * how many events have gone into it. Two vectors of one cursor are of the same events.
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
}

/** As a stored value carries it; equal texts are equal cursors. */
export const cursorText = ({ scope, trackedAs, pane, events }: WindowCursor): string =>
  `${pane}/${events}/${trackedAs}/${scope}`
