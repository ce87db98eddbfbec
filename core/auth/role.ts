import type { Role } from '../store/schema.ts'

/** Who a route is for: everybody, or the least role that may use it. */
export type Access = 'public' | Role

const RANK: Record<Access, number> = { public: 0, viewer: 1, analyst: 2, admin: 3 }

/** True when `role` is `needed` or above it. */
export const allows = (role: Role, needed: Access): boolean => RANK[role] >= RANK[needed]

/** The stricter of two. */
export const stricter = (a: Access, b: Access): Access => (RANK[a] >= RANK[b] ? a : b)
