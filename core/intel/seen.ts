import type { CanonicalEvent } from '../events/event.ts'
import { PANE_MS, WINDOW_PANES } from '../window/pane-times.ts'
import type { Contact } from './snapshot.ts'

const USER_AGENTS = 4
const LONGEST_USER_AGENT = 300
const CONTACTS = 16

/** What of a source's events threat intelligence looks at: user agents, and contacts that a list holds. Bounded. */
export class SeenForIntel {
  readonly userAgents: string[] = []
  /** With the newest event time of each. */
  readonly #contacts = new Map<string, { contact: Contact; ts: number }>()

  noteUserAgent({ http }: CanonicalEvent): void {
    const userAgent = http?.user_agent?.slice(0, LONGEST_USER_AGENT)
    if (userAgent && this.userAgents.length < USER_AGENTS && !this.userAgents.includes(userAgent))
      this.userAgents.push(userAgent)
  }

  noteContact(contact: Contact, ts: number): void {
    const key = `${contact.kind} ${contact.subject}`
    const known = this.#contacts.get(key)
    if (known) known.ts = Math.max(known.ts, ts)
    else {
      // The oldest makes room.
      if (this.#contacts.size >= CONTACTS) this.#contacts.delete(this.#contacts.keys().next().value!)
      this.#contacts.set(key, { contact, ts })
    }
  }

  /** Contacts within the window that ends with pane `last`. */
  contactsUpTo(last: number): Contact[] {
    if (this.#contacts.size === 0) return []
    const from = (last + 1 - WINDOW_PANES) * PANE_MS
    const until = (last + 1) * PANE_MS
    return [...this.#contacts.values()].filter(({ ts }) => ts >= from && ts < until).map(({ contact }) => contact)
  }

  toJSON(): StoredSeen {
    return { userAgents: this.userAgents, contacts: [...this.#contacts.values()] }
  }

  static fromJSON(stored: StoredSeen): SeenForIntel {
    const seen = new SeenForIntel()
    seen.userAgents.push(...stored.userAgents)
    for (const { contact, ts } of stored.contacts) seen.noteContact(contact, ts)
    return seen
  }
}

export interface StoredSeen {
  userAgents: string[]
  contacts: { contact: Contact; ts: number }[]
}
