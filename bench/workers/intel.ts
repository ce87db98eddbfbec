import { v4Text } from '../../core/intel/address-key.ts'
import { encodeList } from '../../core/intel/list-file.ts'
import { NetworkTable } from '../../core/intel/network-table.ts'
import { readList } from '../../core/intel/read-list.ts'
import { IntelSnapshot } from '../../core/intel/snapshot.ts'
import { mix32 } from '../../core/window/hash.ts'

/**
 * Threat intelligence alone in workerd, for bench/intel.ts. Time stands still in here while it computes: it is taken
 * outside, by how much longer a request takes that does the work more often.
 */
let networks: NetworkTable | null = null
let snapshot: IntelSnapshot | null = null

const NO_TIME = Date.UTC(2026, 5, 17)

export default {
  async fetch(request: Request, env: { ASSETS: Fetcher }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const times = Number(searchParams.get('times'))
    if (pathname === '/first') {
      const table = await env.ASSETS.fetch('https://assets.local/vendor/networks.bin')
      networks = new NetworkTable(await table.arrayBuffer())
      return Response.json(networks.of(searchParams.get('address')!))
    }
    if (pathname === '/networks') {
      let known = 0
      for (let i = 0; i < times; i++) if (networks!.of(v4Text(mix32(i))).asn !== null) known++
      return Response.json({ known })
    }
    if (pathname === '/list') {
      const options = { format: 'plain', scale: 'count', own: [], isAllowList: false, leaveOutRefused: true } as const
      const list = await readList(request.body as unknown as AsyncIterable<Uint8Array>, { ...options, now: NO_TIME })
      if (!list.ok) return Response.json(list.error, { status: 422 })
      const { tables, counts } = list.value
      const common = { id: 'a', name: 'a', weight: 1, licence: null, asOf: NO_TIME, expires: null, objectKey: 'a' }
      snapshot = new IntelSnapshot([{ ...common, kind: 'blocklist', tables }], networks)
      return Response.json({ counts, bytes: encodeList(tables).length })
    }
    if (pathname === '/contexts') {
      const asked = searchParams.get('lists') === 'none' ? new IntelSnapshot([], networks) : snapshot!
      let listed = 0
      for (let i = 0; i < times; i++) if (asked.contextOf(v4Text(mix32(i)), NO_TIME).feedMatches > 0) listed++
      return Response.json({ listed })
    }
    return Response.json({})
  },
}
