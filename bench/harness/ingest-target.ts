/** What the app says of itself in /metrics; null where it does not say. */
export interface Figures {
  unjudged: number | null
  judged: number | null
  late: number | null
  liveSources: number | null
  incidents: number | null
}

export interface IngestAnswer {
  status: number
  accepted: number
  duplicates: number
  rejected: number
  /** The first reason of a refusal. */
  why: string
}

/** Where load goes; tests hand in one that loses events. */
export interface IngestTarget {
  post(body: string): Promise<IngestAnswer>
  figures(): Promise<Figures>
}
