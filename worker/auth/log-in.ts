import type { Context } from 'hono'
import { noteAuditOfUser } from '../../adapters/d1/audit-log.ts'
import { SessionStore } from '../../adapters/d1/session-store.ts'
import { UserStore } from '../../adapters/d1/user-store.ts'
import { afterFailure, isLocked, type LoginState } from '../../core/auth/lock-out.ts'
import { newToken, sha256Hex } from '../../core/auth/token.ts'
import type { AppEnv } from '../app-env.ts'
import { giveSessionCookie, SESSION_HOURS, sessionToken } from './session-cookie.ts'

const NO_STATE: LoginState = { failures: 0, lockedUntil: null }
/** Guesses at the same moment make each other try again; more than this many at once wait for their turn outside. */
const TRIES = 4

/**
 * Logs in and gives the answer's cookie. A failure is counted before the password is looked at, so that many guesses at
 * once are no way around the lock-out; a right password clears the count. False says neither which of name and password is
 * wrong nor whether the account is locked: all three do the same work.
 */
export async function logIn(c: Context<AppEnv>, name: string, password: string): Promise<boolean> {
  const { db, now, parts } = c.var
  const users = new UserStore(db)
  const attempt = await claimAttempt(users, name, now)
  const right = await parts.verifyPassword(password, attempt?.passwordHash ?? null)
  if (attempt === null || !right) {
    await noteAuditOfUser(db, attempt?.userId ?? null, {
      at: now,
      actor: 'picket',
      action: 'log-in-refused',
      detail: { failures: attempt?.state.failures ?? 0, locked_until: attempt?.state.lockedUntil ?? null },
    })
    return false
  }
  await users.moveLoginState({ id: attempt.userId }, attempt.state, NO_STATE)
  await beginSession(c, attempt.userId)
  await noteAuditOfUser(db, attempt.userId, { at: now, actor: `user:${name}`, action: 'logged-in', detail: {} })
  return true
}

interface Attempt {
  userId: number
  passwordHash: string
  /** With this attempt counted as a failure. */
  state: LoginState
}

/** Null when the name is unknown or locked, at the same cost. */
async function claimAttempt(users: UserStore, name: string, now: number): Promise<Attempt | null> {
  for (let i = 0; i < TRIES; i++) {
    const user = await users.byName(name)
    const before = user ? { failures: user.failed_logins, lockedUntil: user.locked_until } : NO_STATE
    const mayTry = user !== null && !isLocked(before, now)
    const state = afterFailure(before, now)
    const moved = await users.moveLoginState(mayTry ? user : null, before, state)
    if (!mayTry) return null
    if (moved) return { userId: user.id, passwordHash: user.password_hash, state }
  }
  return null
}

/** A new token each time: one that somebody planted before log-in is worth nothing (session fixation). */
async function beginSession(c: Context<AppEnv>, userId: number): Promise<void> {
  const { db, now, parts } = c.var
  const token = newToken(parts.random)
  const earlier = sessionToken(c)
  await new SessionStore(db).begin(
    {
      token_hash: await sha256Hex(token),
      user_id: userId,
      csrf_token: newToken(parts.random),
      created_at: now,
      expires_at: now + SESSION_HOURS * 3_600_000,
    },
    earlier === null ? null : await sha256Hex(earlier),
    now,
  )
  giveSessionCookie(c, token)
}
