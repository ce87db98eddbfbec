/** SHA-256 of bytes in lower-case hex. */
export async function sha256HexOf(bytes: Uint8Array): Promise<string> {
  // The bytes of a request are never in shared memory, which is all that the type leaves open.
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
