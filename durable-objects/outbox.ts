/** One thing to be told elsewhere, exactly once. */
export interface OutboxEntry<Message> {
  /** Names it to the receiver, who does it once however often it comes. */
  id: string
  message: Message
}

/**
 * What an object has decided and not yet told: written in the transaction that decided, deleted once the receiver has
 * it. A crash in between tells it again under the same id.
 */
export class Outbox<Message> {
  readonly #sql: SqlStorage
  readonly #owner: string
  #pending: number

  /** @param owner unique among all objects that tell the same receiver */
  constructor(sql: SqlStorage, owner: string) {
    this.#sql = sql
    this.#owner = owner
    // AUTOINCREMENT: a number once used names one message for ever.
    sql.exec(
      'CREATE TABLE IF NOT EXISTS outbox (n INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, replaces TEXT, message TEXT NOT NULL)',
    )
    sql.exec('CREATE UNIQUE INDEX IF NOT EXISTS outbox_replaces ON outbox (replaces) WHERE replaces IS NOT NULL')
    sql.exec('CREATE INDEX IF NOT EXISTS outbox_topic ON outbox (topic, n)')
    this.#pending = sql.exec<{ n: number }>('SELECT count(*) AS n FROM outbox').one().n
  }

  get pending(): number {
    return this.#pending
  }

  /**
   * Adds a message; call within the transaction that decides.
   * @param replaces a later message with the same word takes the place of one that has not been told yet
   */
  put(topic: string, message: Message, replaces: string | null = null): void {
    if (replaces !== null) {
      this.#pending -= this.#sql.exec('DELETE FROM outbox WHERE replaces = ? RETURNING n', replaces).toArray().length
    }
    this.#sql.exec(
      'INSERT INTO outbox (topic, replaces, message) VALUES (?, ?, ?)',
      topic,
      replaces,
      JSON.stringify(message),
    )
    this.#pending++
  }

  /** The oldest messages of a topic. */
  next(topic: string, most: number): OutboxEntry<Message>[] {
    return this.#sql
      .exec<{ n: number; message: string }>(
        'SELECT n, message FROM outbox WHERE topic = ? ORDER BY n LIMIT ?',
        topic,
        most,
      )
      .toArray()
      .map(({ n, message }) => ({ id: `${this.#owner}#${n}`, message: JSON.parse(message) }))
  }

  /** The receiver has these. */
  told(entries: readonly OutboxEntry<Message>[]): void {
    for (const { id } of entries) {
      const n = Number(id.slice(id.lastIndexOf('#') + 1))
      // One that was replaced while it was told is gone already and counted so.
      this.#pending -= this.#sql.exec('DELETE FROM outbox WHERE n = ? RETURNING n', n).toArray().length
    }
  }
}
