import path from 'node:path'

/** Environment variables. (wrangler adds the Worker's own to Node's type of them.) */
export type Environment = Record<string, string | undefined>

/** The folder that holds package.json. */
export const ROOT = path.resolve(import.meta.dirname, '../..')

export const inRoot = (name: string): string => path.join(ROOT, name)

/**
 * The environment for wrangler: no telemetry, no error reports, no update check, no look-up of the caller's place.
 * With these four it asks no name server (seen by strace).
 */
export function quietEnvironment(from: Environment): NodeJS.ProcessEnv {
  const environment: Environment = {
    ...from,
    PATH: `${inRoot('node_modules/.bin')}${path.delimiter}${from.PATH ?? ''}`,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  }
  return environment as NodeJS.ProcessEnv
}
