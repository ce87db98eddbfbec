import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { err, ok, type Result } from '../../core/result.ts'
import type { Refusal } from '../problem.ts'
import type { IngestLimits } from './limits.ts'

/** The request's bytes as sent: read no further than the limit. */
export async function readWire(request: Request, { wireBytes }: IngestLimits): Promise<Result<Uint8Array, Refusal>> {
  const tooLarge = err<Refusal>({ tag: 'body-too-large', detail: `at most ${wireBytes} bytes may be sent` })
  if (Number(request.headers.get('Content-Length')) > wireBytes) return tooLarge
  if (request.body === null) return ok(new Uint8Array())
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > wireBytes) {
      await reader.cancel()
      return tooLarge
    }
    chunks.push(value)
  }
  return ok(joined(chunks, size))
}

function joined(chunks: Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

/**
 * Undoes Content-Encoding. Inflating stops as soon as it would give more than `bodyBytes`, so a bomb costs no more than
 * that. At once instead of as a stream: what is inflated at once is never more than what a batch may hold, and takes a
 * third of the time that chunks handed through a stream take.
 */
export function decompress(
  wire: Uint8Array,
  encoding: string,
  { bodyBytes }: IngestLimits,
): Result<Uint8Array, Refusal> {
  const inflate = inflaterOf(encoding.trim().toLowerCase(), wire)
  if (inflate === undefined) return err({ tag: 'unknown-encoding' })
  if (inflate === null || wire.byteLength === 0) return ok(wire)
  try {
    return ok(inflate(wire, { maxOutputLength: bodyBytes }))
  } catch (cause) {
    if (isTooLong(cause)) return err({ tag: 'body-too-large', detail: `at most ${bodyBytes} bytes may be inflated` })
    return err({ tag: 'broken-encoding', detail: cause instanceof Error ? cause.message : 'it cannot be inflated' })
  }
}

type Inflate = (wire: Uint8Array, options: { maxOutputLength: number }) => Uint8Array

/** `null` for a body that is sent as it is; `undefined` for an encoding that Picket does not know. */
function inflaterOf(encoding: string, wire: Uint8Array): Inflate | null | undefined {
  if (encoding === '' || encoding === 'identity') return null
  if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipSync
  if (encoding !== 'deflate') return undefined
  // "deflate" means zlib (RFC 9110, 8.4.1.2), but some clients send it bare; zlib's two-byte header tells them apart.
  const [first = 0, second = 0] = wire
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0 ? inflateSync : inflateRawSync
}

const isTooLong = (cause: unknown): boolean =>
  cause instanceof RangeError || (cause as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE'
