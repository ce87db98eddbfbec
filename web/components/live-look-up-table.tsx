import type { FC } from 'hono/jsx'
import type { IntelDeskHealth, ProviderHealth } from '../../core/intel/live/health.ts'
import { stateInWords } from '../../core/intel/live/words.ts'
import { count } from '../format.ts'
import { LogText } from './log-text.tsx'
import { Time } from './time.tsx'

/** The services of live look-ups: state, calls of today and their limit, and what came of all calls. */
export const LiveLookUpTable: FC<{ desk: IntelDeskHealth }> = ({ desk }) => (
  <div class="scroll">
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Calls today
          </th>
          <th scope="col" class="number">
            Knew it
          </th>
          <th scope="col" class="number">
            Did not
          </th>
          <th scope="col" class="number">
            Failed
          </th>
          <th scope="col" class="number">
            Waiting
          </th>
        </tr>
      </thead>
      <tbody>
        {desk.providers.map((provider) => (
          <Row provider={provider} />
        ))}
      </tbody>
    </table>
  </div>
)

const Row: FC<{ provider: ProviderHealth }> = ({ provider }) => (
  <tr>
    <td>{provider.title}</td>
    <td>
      {stateInWords(provider.state)}
      {provider.lastFailure === null ? null : (
        <p class="missing">
          Last error <Time at={provider.lastFailure.at} />: <LogText text={provider.lastFailure.why} />
        </p>
      )}
    </td>
    <td class="number">{`${count(provider.callsToday)} of ${count(provider.dailyBudget)}`}</td>
    <td class="number">{count(provider.counters.seen)}</td>
    <td class="number">{count(provider.counters.notSeen)}</td>
    <td class="number">{count(Object.values(provider.counters.failures).reduce((sum, n) => sum + n, 0))}</td>
    <td class="number">{count(provider.waiting)}</td>
  </tr>
)
