import { MAX_JSON_DEPTH } from '../../core/events/bounds.ts'

/** What one request may hold (contract, "Ingest"). */
export interface IngestLimits {
  /** Bytes as sent. */
  wireBytes: number
  /** Bytes after decompression. */
  bodyBytes: number
  /** Lines that are neither blank nor comments. */
  events: number
  /** Lines of any kind; a body of newlines is work too. */
  lines: number
  /** UTF-8 bytes of one line; a longer one is refused alone. */
  lineBytes: number
  jsonDepth: number
}

const MEBIBYTE = 1024 * 1024

export const LIMITS: IngestLimits = {
  wireBytes: 10 * MEBIBYTE,
  bodyBytes: 64 * MEBIBYTE,
  events: 10_000,
  lines: 100_000,
  lineBytes: MEBIBYTE,
  jsonDepth: MAX_JSON_DEPTH,
}
