import net from 'node:net'
import { expect, it } from 'vitest'
import { portFrom, portIsFree } from '../../../scripts/local/port.ts'

it('takes PORT, or 8787', () => {
  expect(portFrom({})).toBe(8787)
  expect(portFrom({ PORT: '9000' })).toBe(9000)
})

it.each(['0', '70000', 'http', '80a', '-1'])('refuses PORT=%s', (port) => {
  expect(() => portFrom({ PORT: port })).toThrow(`PORT is "${port}"`)
})

it('knows a taken port from a free one', async () => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  expect(await portIsFree('127.0.0.1', port)).toBe(false)
  await new Promise((resolve) => server.close(resolve))
  expect(await portIsFree('127.0.0.1', port)).toBe(true)
})
