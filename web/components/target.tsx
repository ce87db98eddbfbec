import type { FC } from 'hono/jsx'
import type { TargetCount } from '../../core/store/schema.ts'
import { LogText } from './log-text.tsx'

/** host:port as far as known. */
export const Target: FC<{ target: TargetCount }> = ({ target }) => (
  <span class="address">
    <LogText text={targetText(target)} />
  </span>
)

function targetText({ host, port }: TargetCount): string {
  if (host === null) return port === null ? 'unknown target' : `port ${port} of several hosts`
  if (port === null) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
