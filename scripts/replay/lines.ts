/** Splits a stream of bytes at LF. Lines keep their bytes (a CR too) and lack the LF; what follows the last LF is a line. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const open: Buffer[] = []
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const tail = chunk.subarray(from, end)
      yield open.length > 0 ? Buffer.concat([...open.splice(0), tail]) : tail
      from = end + 1
    }
    if (from < chunk.length) open.push(chunk.subarray(from))
  }
  if (open.length > 0) yield Buffer.concat(open)
}

/** True for a line that holds nothing a server could read. */
export const isBlank = (line: Buffer): boolean => line.every((byte) => byte === 32 || byte === 9 || byte === 13)
