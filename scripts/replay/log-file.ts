import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { createGunzip } from 'node:zlib'
import { isBlank, linesOf } from './lines.ts'

export interface LogFile {
  /** As the user named it. */
  name: string
  /** SHA-256 hex of the text, unpacked: a file and its .gz are the same log. Null for a pipe, which is read only once. */
  digest: string | null
  /** Lines that are not blank; null for a pipe. */
  lines: number | null
  read(): AsyncIterable<Uint8Array>
}

/** Opens FILE, or stdin for `-`. Gzip is known by its first two bytes, whatever the name. */
export async function openLog(name: string, folder: string): Promise<LogFile> {
  if (name === '-') return { name: 'stdin', digest: null, lines: null, read: () => unpacked(process.stdin) }
  const file = path.resolve(folder, name)
  const packed = await isGzip(file)
  const read = () => (packed ? gunzip(createReadStream(file)) : createReadStream(file))
  const hash = createHash('sha256')
  let lines = 0
  async function* hashed() {
    for await (const chunk of read()) {
      hash.update(chunk)
      yield chunk
    }
  }
  for await (const line of linesOf(hashed())) if (!isBlank(line)) lines++
  return { name, digest: hash.digest('hex'), lines, read }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

function gunzip(source: NodeJS.ReadableStream): AsyncIterable<Buffer> {
  const gunzip = createGunzip()
  source.once('error', (error) => gunzip.destroy(error))
  return source.pipe(gunzip)
}

/** A pipe is looked at as it comes. */
async function* unpacked(source: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await chunks.next()
  if (first.done) return
  const all = (async function* () {
    yield first.value
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  })()
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) return yield* all
  const { Readable } = await import('node:stream')
  yield* gunzip(Readable.from(all))
}
