// cli-progress brings no types; this is the part of it that we use (README of 3.12.0).
declare module 'cli-progress' {
  export class SingleBar {
    constructor(options: {
      format: string
      stream?: NodeJS.WritableStream
      hideCursor?: boolean
      clearOnComplete?: boolean
      etaBuffer?: number
    })
    start(total: number, value: number, payload?: Record<string, unknown>): void
    update(value: number, payload?: Record<string, unknown>): void
    stop(): void
  }
}
