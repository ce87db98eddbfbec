import { fromBase64Url, toBase64Url } from '../base64url.ts'
import { type RandomBytes, sameBytes } from './token.ts'

/** The most that Workers' WebCrypto allows for PBKDF2. */
const ITERATIONS = 100_000
const SALT_BYTES = 16
const HASH_BYTES = 32

/** Longer ones are refused unread: the derivation hashes them whole. */
export const LONGEST_PASSWORD = 1024

/** `pbkdf2-sha256$ITERATIONS$SALT$HASH`, base64url (RFC 8018). Costs about 30 ms of processor time. */
export async function hashPassword(password: string, random: RandomBytes): Promise<string> {
  const salt = random(SALT_BYTES)
  const hash = await derive(password, salt, ITERATIONS)
  return `pbkdf2-sha256$${ITERATIONS}$${toBase64Url(salt)}$${toBase64Url(hash)}`
}

/**
 * True when `password` made `stored`. With `stored` null (no such user) it works as long and says no,
 * so that the time does not tell which names exist. A stored text of another form is never right.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const parts = read(stored)
  const { iterations, salt, hash } = parts ?? NOBODY
  if (password.length > LONGEST_PASSWORD) return false
  const same = sameBytes(await derive(password, salt, iterations), hash)
  return same && parts !== null
}

interface StoredPassword {
  iterations: number
  salt: Uint8Array<ArrayBuffer>
  hash: Uint8Array
}

const NOBODY: StoredPassword = {
  iterations: ITERATIONS,
  salt: new Uint8Array(SALT_BYTES),
  hash: new Uint8Array(HASH_BYTES),
}

function read(stored: string | null): StoredPassword | null {
  const parts = /^pbkdf2-sha256\$(\d{1,7})\$([\w-]+)\$([\w-]+)$/.exec(stored ?? '')
  if (!parts) return null
  const salt = fromBase64Url(parts[2]!)
  const hash = fromBase64Url(parts[3]!)
  return salt && hash ? { iterations: Number(parts[1]), salt, hash } : null
}

async function derive(password: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    key,
    HASH_BYTES * 8,
  )
  return new Uint8Array(bits)
}
