import type { Violation } from './import-rule.ts'

/** Places of one machine, which mean nothing on another. The folder of this checkout is added by the caller. */
const BUILD_MACHINE = /\/work\/(?:main|shared|\.mirror|\.library)\b/

/**
 * Finds what would tie the repository to the machine it was made on: absolute paths, and the host of a registry that is
 * not the public one. A lock file with `resolved` addresses would fetch from whoever made it.
 * @param places texts that must not occur, such as the checkout's own path
 */
export function machineTraces(file: string, source: string, places: string[]): Violation[] {
  const found: Violation[] = []
  for (const [i, text] of source.split('\n').entries()) {
    const place = BUILD_MACHINE.exec(text)?.[0] ?? places.find((one) => text.includes(one))
    if (place !== undefined) found.push({ file, line: i + 1, why: `names a place of one machine: ${place}` })
    if (file === 'package-lock.json' && /^\s*"resolved":\s*"https?:/.test(text)) {
      found.push({
        file,
        line: i + 1,
        why: 'the lock file names a registry: npm config omit-lockfile-registry-resolved',
      })
    }
  }
  return found
}

/** The host of npm's registry where it is not the public one, else null. */
export function privateRegistryHost(registry: string): string | null {
  const host = URL.canParse(registry) ? new URL(registry).host : ''
  return host === '' || host === 'registry.npmjs.org' ? null : host
}
