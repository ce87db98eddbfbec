import { toBase64Url } from '../../core/base64url.ts'

const PREFIX = 'lists/'

/** The entries of loaded lists in R2, named by what they hold: an object is never overwritten with another. */
export class ListObjects {
  readonly #bucket: R2Bucket

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket
  }

  /** Stores a list's entries and gives the key to find them by. */
  async put(id: string, file: Uint8Array<ArrayBuffer>): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', file))
    const key = `${PREFIX}${encodeURIComponent(id)}/${toBase64Url(digest).slice(0, 22)}`
    await this.#bucket.put(key, file)
    return key
  }

  /** Null when it is gone. */
  async get(key: string): Promise<ArrayBuffer | null> {
    return (await (await this.#bucket.get(key))?.arrayBuffer()) ?? null
  }

  /** Deletes what no list of `used` keys names and was stored before `before`, ms: a list may be about to name a younger one. */
  async sweep(used: ReadonlySet<string>, before: number): Promise<void> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.#bucket.list({ prefix: PREFIX, ...(cursor === undefined ? {} : { cursor }) })
      const unused = page.objects.filter(({ key, uploaded }) => !used.has(key) && uploaded.getTime() < before)
      if (unused.length > 0) await this.#bucket.delete(unused.map(({ key }) => key))
      if (!page.truncated) return
      cursor = page.cursor
    }
  }
}
