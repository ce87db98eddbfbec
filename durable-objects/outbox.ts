import { jsonParts } from '../core/json-parts.ts'

/** One thing to be told elsewhere, exactly once. */
export interface OutboxMessage<Message> {
  topic: string
  message: Message
  /** A later message with the same word takes the place of one that has not been told yet; null: never replaced. */
  replaces: string | null
}

export interface OutboxEntry<Message> extends OutboxMessage<Message> {
  n: number
  /** Names it to the receiver, who does it once however often it comes. */
  id: string
}

/**
 * What an object has decided and not yet told: written in the transaction that decided, deleted once the receiver has
 * it. A crash in between tells it again under the same id.
 */
export class Outbox<Message> {
  readonly #sql: SqlStorage
  readonly #owner: string

  /** @param owner unique among all objects that tell the same receiver */
  constructor(sql: SqlStorage, owner: string) {
    this.#sql = sql
    this.#owner = owner
    // AUTOINCREMENT: a number once used names one message for ever.
    sql.exec(`CREATE TABLE IF NOT EXISTS outbox (n INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, replaces TEXT,
      message TEXT NOT NULL)`)
    sql.exec('CREATE UNIQUE INDEX IF NOT EXISTS outbox_replaces ON outbox (replaces) WHERE replaces IS NOT NULL')
    sql.exec('CREATE INDEX IF NOT EXISTS outbox_topic ON outbox (topic, n)')
  }

  /** Messages that wait. Asked of the table: a number beside it would go wrong with the first transaction that is rolled back. */
  get pending(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM outbox').one().n
  }

  get isEmpty(): boolean {
    return this.#sql.exec('SELECT 1 FROM outbox LIMIT 1').toArray().length === 0
  }

  /** Adds messages; call within the transaction that decides. One statement for many: each costs more than its row. */
  put(messages: readonly OutboxMessage<Message>[]): void {
    for (const part of jsonParts(
      messages.map(({ topic, message, replaces }) => [topic, replaces, JSON.stringify(message)]),
    ))
      this.#sql.exec(
        `INSERT OR REPLACE INTO outbox (topic, replaces, message)
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)`,
        part,
      )
  }

  /** Topics with messages that wait. */
  topics(): string[] {
    return this.#sql
      .exec<{ topic: string }>('SELECT DISTINCT topic FROM outbox')
      .toArray()
      .map(({ topic }) => topic)
  }

  /** The oldest messages of a topic. */
  next(topic: string, most: number): OutboxEntry<Message>[] {
    return this.#sql
      .exec<{ n: number; replaces: string | null; message: string }>(
        'SELECT n, replaces, message FROM outbox WHERE topic = ? ORDER BY n LIMIT ?',
        topic,
        most,
      )
      .toArray()
      .map(({ n, replaces, message }) => ({
        n,
        topic,
        replaces,
        id: `${this.#owner}#${n}`,
        message: JSON.parse(message),
      }))
  }

  /** Messages of these words that still wait, oldest first. */
  waiting(words: readonly string[]): Message[] {
    return this.#sql
      .exec<{ message: string }>(
        'SELECT message FROM outbox WHERE replaces IN (SELECT value FROM json_each(?)) ORDER BY n',
        JSON.stringify(words),
      )
      .toArray()
      .map(({ message }) => JSON.parse(message))
  }

  /** The receiver has these, which `next` gave for one topic. A message that replaced one meanwhile stays. */
  told(entries: readonly OutboxEntry<Message>[]): void {
    const last = entries.at(-1)
    if (!last) return
    this.#sql.exec('DELETE FROM outbox WHERE topic = ? AND n <= ?', last.topic, last.n)
  }
}
