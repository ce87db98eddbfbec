import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Environment } from './repository.ts'

/** PORT, or 8787. Throws on what is no port. */
export function portFrom(environment: Environment): number {
  const given = environment.PORT
  if (given === undefined || given === '') return 8787
  const port = Number(given)
  if (!/^\d+$/.test(given) || port < 1 || port > 65_535) throw new Error(`PORT is "${given}"; a port is 1 to 65535`)
  return port
}

/** A port of 127.0.0.1 that nobody listens on now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })

/** True when the port can be listened on within 2 s; a program that was just killed may hold it for a moment. */
export async function portIsFree(host: string, port: number): Promise<boolean> {
  for (const until = Date.now() + 2_000; ; await wait(100)) {
    if (await canListen(host, port)) return true
    if (Date.now() > until) return false
  }
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(new Error(`cannot listen on ${host}:${port}: ${error.message}`))
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
