/** What a list says of what it holds. */
export const LIST_KINDS = ['blocklist', 'tor-exit', 'c2', 'allow-list'] as const
export type ListKind = (typeof LIST_KINDS)[number]
