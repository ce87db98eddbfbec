/** The bytes of a list as they come, unpacked when they are gzip (by their first two bytes, whatever headers say). */
export async function* listBody(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  const first = await reader.read()
  if (first.done) return
  const rest = async function* () {
    try {
      yield first.value
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
    } finally {
      // A list that is refused halfway is not read on.
      await reader.cancel().catch(() => {})
    }
  }
  if (first.value[0] === 0x1f && first.value[1] === 0x8b) yield* unpacked(rest())
  else yield* rest()
}

async function* unpacked(packed: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new ReadableStream<BufferSource>({
    async pull(controller) {
      const next = await packed.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>)
    },
    async cancel() {
      await packed.return(undefined)
    },
  })
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    await reader.cancel().catch(() => {})
  }
}
