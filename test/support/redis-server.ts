import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../scripts/local/port.ts'

/** Whether this machine has a redis-server. */
export const HAS_REDIS: boolean = (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
  try {
    accessSync(path.join(folder, 'redis-server'), constants.X_OK)
    return true
  } catch {
    return false
  }
})

export const NO_REDIS = 'skipped: no redis-server on PATH (Debian: apt-get install redis-server)'

export type Reply = string | number | null | ReplyError | Reply[]
export class ReplyError extends Error {}

/** A redis-server of one's own on a port of one's own, with nothing on disk. */
export class RedisServer {
  readonly port: number
  #process: ChildProcess | null = null

  private constructor(port: number) {
    this.port = port
  }

  static async start(...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort())
    await server.start(...options)
    return server
  }

  /** Starts it, or starts it again after `kill`: empty. */
  async start(...options: string[]): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...options]
    this.#process = spawn('redis-server', args, { stdio: 'ignore' })
    for (const until = Date.now() + 10_000; Date.now() < until; await wait(20))
      if ((await command(this.port, ['PING']).catch(() => null)) === 'PONG') return
    throw new Error('redis-server did not come up')
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    const running = this.#process
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const gone = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await gone
  }

  command(...words: string[]): Promise<Reply> {
    return command(this.port, words)
  }
}

/** One command over a connection of its own (RESP2). An error reply is returned, a broken connection rejects. */
async function command(port: number, words: string[]): Promise<Reply> {
  const connection = new RedisConnection(port)
  try {
    return (await connection.pipeline([words]))[0]!
  } finally {
    connection.close()
  }
}

/** A connection to redis-server that pipelines. */
export class RedisConnection {
  readonly #socket: net.Socket
  #buffer: Buffer = Buffer.alloc(0)
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = []

  constructor(port: number) {
    this.#socket = net.connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (data) => this.#take(data))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('redis-server closed the connection')))
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  pipeline(commands: readonly (readonly (string | number)[])[]): Promise<Reply[]> {
    const replies = commands.map(() => new Promise<Reply>((resolve, reject) => this.#waiting.push({ resolve, reject })))
    this.#socket.write(
      commands
        .map((words) => `*${words.length}\r\n${words.map((w) => `$${Buffer.byteLength(`${w}`)}\r\n${w}\r\n`).join('')}`)
        .join(''),
    )
    return Promise.all(replies)
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(data: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data])
    let at = 0
    for (;;) {
      const read = readReply(this.#buffer, at)
      if (!read) break
      at = read.next
      this.#waiting.shift()?.resolve(read.reply)
    }
    this.#buffer = this.#buffer.subarray(at)
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

/** Null while the reply is not whole. */
function readReply(buffer: Buffer, at: number): { reply: Reply; next: number } | null {
  const end = buffer.indexOf('\r\n', at)
  if (end === -1) return null
  const line = buffer.toString('utf8', at + 1, end)
  const next = end + 2
  switch (buffer[at]) {
    case 0x2b: // +
      return { reply: line, next }
    case 0x2d: // -
      return { reply: new ReplyError(line), next }
    case 0x3a: // :
      return { reply: Number(line), next }
    case 0x24: {
      // $
      const length = Number(line)
      if (length < 0) return { reply: null, next }
      if (buffer.length < next + length + 2) return null
      return { reply: buffer.toString('utf8', next, next + length), next: next + length + 2 }
    }
    case 0x2a: {
      // *
      const replies: Reply[] = []
      let position = next
      for (let i = 0; i < Number(line); i++) {
        const one = readReply(buffer, position)
        if (!one) return null
        replies.push(one.reply)
        position = one.next
      }
      return { reply: replies, next: position }
    }
    default:
      throw new Error(`no RESP2 reply: ${line}`)
  }
}
