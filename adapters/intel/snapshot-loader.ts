import { decodeList } from '../../core/intel/list-file.ts'
import { NetworkTable } from '../../core/intel/network-table.ts'
import type { Range } from '../../core/intel/own-ranges.ts'
import { IntelSnapshot, type SnapshotList } from '../../core/intel/snapshot.ts'
import type { IntelListRow, IntelListStore } from '../d1/intel-list-store.ts'
import type { ListObjects } from '../r2/list-objects.ts'

/** Made by set-up; see scripts/intel/build-networks.ts. */
const NETWORKS = 'https://assets.local/vendor/networks.bin'

export interface SnapshotParts {
  store: Pick<IntelListStore, 'all'>
  objects: Pick<ListObjects, 'get'>
  /** Serves static assets; null where there are none. */
  assets: { fetch(address: string): Promise<Response> } | null
  own: readonly Range[]
  /** Told of what could not be loaded. */
  report: (what: string, why: string) => void
}

/** A snapshot, and what it was made from: parts that did not change are taken over, not read again. */
export interface LoadedSnapshot {
  snapshot: IntelSnapshot
  networks: NetworkTable | null
  /** Names the state of all lists. */
  version: string
}

/** Reads what changed since `before`. Rejects when the rows cannot be read; a list whose entries are gone is left out. */
export async function loadSnapshot(parts: SnapshotParts, before: LoadedSnapshot | null): Promise<LoadedSnapshot> {
  const [rows, networks] = await Promise.all([parts.store.all(), before?.networks ?? loadNetworks(parts)])
  const version = JSON.stringify(rows.map(versionOf))
  if (before !== null && before.version === version && before.networks === networks) return before
  const known = new Map(before?.snapshot.lists.map((list) => [list.objectKey, list]))
  const lists: SnapshotList[] = []
  let isWhole = true
  for (const row of rows) {
    const tables = known.get(row.object_key)?.tables ?? (await tablesOf(row, parts))
    if (tables === null) isWhole = false
    else lists.push(listOf(row, tables))
  }
  // What was left out is looked for again next time.
  return { snapshot: new IntelSnapshot(lists, networks, parts.own), networks, version: isWhole ? version : '' }
}

const versionOf = ({ id, object_key, as_of, expires_at, weight, kind, licence, name }: IntelListRow) => [
  id,
  object_key,
  as_of,
  expires_at,
  weight,
  kind,
  licence,
  name,
]

async function tablesOf({ name, object_key }: IntelListRow, { objects, report }: SnapshotParts) {
  try {
    const file = await objects.get(object_key)
    if (file !== null) return decodeList(file)
    report(`list ${name}`, 'its entries are gone')
  } catch (error) {
    report(`list ${name}`, String(error))
  }
  return null
}

const listOf = (row: IntelListRow, tables: SnapshotList['tables']): SnapshotList => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  weight: row.weight,
  licence: row.licence,
  asOf: row.as_of,
  expires: row.expires_at,
  objectKey: row.object_key,
  tables,
})

async function loadNetworks({ assets, report }: SnapshotParts): Promise<NetworkTable | null> {
  if (assets === null) return null
  try {
    const response = await assets.fetch(NETWORKS)
    if (response.ok) return new NetworkTable(await response.arrayBuffer())
    report('countries and networks', `the table is not there (${response.status})`)
  } catch (error) {
    report('countries and networks', String(error))
  }
  return null
}
