/** A list as the API gives it (contract: `/api/intel/lists`). */
export interface IntelList {
  id: string
  name: string
  kind: string
  format: string
  weight: number
  licence: string | null
  url: string | null
  refresh_minutes: number | null
  counts: Record<'addresses' | 'ranges' | 'domains' | 'ja3' | 'expired' | 'refused' | 'unreadable', number>
  examples: string[]
  as_of: string
  expires_at: string | null
  loaded_at: string
  last_error: string | null
}

export interface Refreshed {
  outcome: 'loaded' | 'unchanged' | 'failed' | 'no-url'
  error: string | null
  list: IntelList
}

/** The lists of a running Picket. Every call throws with the server's words when it refuses. */
export class ListsApi {
  readonly #url: string
  readonly #token: string
  readonly #fetch: typeof fetch

  constructor(url: string, token: string, given: typeof fetch) {
    this.#url = url
    this.#token = token
    this.#fetch = given
  }

  async all(): Promise<IntelList[]> {
    return ((await (await this.#ask('GET', '')).json()) as { items: IntelList[] }).items
  }

  /** @param body the list; null where the server fetches it from the url of `query` */
  async add(query: Record<string, string>, body: ReadableStream<Uint8Array> | null): Promise<IntelList> {
    return (await this.#ask('POST', `?${new URLSearchParams(query)}`, body)).json() as Promise<IntelList>
  }

  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', `/${encodeURIComponent(id)}`)
  }

  async refresh(id: string): Promise<Refreshed> {
    return (await this.#ask('POST', `/${encodeURIComponent(id)}/refresh`)).json() as Promise<Refreshed>
  }

  async #ask(method: string, path: string, body: ReadableStream<Uint8Array> | null = null): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}` }
    const address = `${this.#url}/api/intel/lists${path}`
    const response = await this.#fetch(address, {
      method,
      headers,
      ...(body !== null && { body, duplex: 'half' as const }),
    }).catch((cause: Error) => {
      throw new Error(`Picket does not answer at ${this.#url}: is it running? (--url, or PORT)`, { cause })
    })
    if (response.ok) return response
    if (response.status === 401) throw new Error('the API token is not known to the server (401): set PICKET_API_TOKEN')
    throw new Error(await refusalOf(response))
  }
}

async function refusalOf(response: Response): Promise<string> {
  const text = await response.text()
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string }
    if (title) return detail ? `${title}: ${detail}` : title
  } catch {
    // Not a problem document: the text itself says more than that it is none.
  }
  return `the server answered ${response.status}: ${text.slice(0, 200)}`
}
