import type { FC } from 'hono/jsx'
import type { StoreReport } from '../../core/features/store/state.ts'
import type { StoreFigures } from '../../core/features/store/statistics.ts'
import { count, percent } from '../format.ts'
import { NotKnown } from './figure.tsx'
import { LogText } from './log-text.tsx'
import { Time } from './time.tsx'

/** How the feature store does, and what it did in the last hour and day. */
export const FeatureStoreCard: FC<{ report: StoreReport }> = ({ report: { state, detail, statistics, history } }) => (
  <>
    <p class={state === 'ok' ? 'hint' : 'refusal'} role={state === 'ok' ? undefined : 'alert'}>
      <LogText
        text={state === 'ok' ? detail : `Degraded: ${detail}. Vectors come from their partitions; nothing is lost.`}
      />
    </p>
    {statistics.ok ? (
      <>
        <div class="scroll">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Look-ups</th>
                {COLUMNS.map(({ title }) => (
                  <th scope="col" class="number">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              <Figures name="last hour" figures={statistics.value} />
              <Figures name="last day" figures={statistics.value.day} />
            </tbody>
          </table>
        </div>
        <p class="hint">
          <Size entries={statistics.value.entries} bytes={statistics.value.memory_bytes} /> Times are measured by
          whoever asked, answer included, and are upper bounds: at most 1 ms and 19 % over the true ones.
          {history.ok && history.value.lastFailure ? (
            <>
              {' '}
              Last failure at <Time at={history.value.lastFailure.at} />:{' '}
              <LogText text={history.value.lastFailure.why} />.
            </>
          ) : null}
        </p>
      </>
    ) : (
      <p>
        <NotKnown why={statistics.error} />
      </p>
    )}
  </>
)

const Figures: FC<{ name: string; figures: StoreFigures }> = ({ name, figures }) => (
  <tr>
    <th scope="row">{name}</th>
    {COLUMNS.map(({ of }) => {
      const text = of(figures)
      return <td class="number">{text ?? <span class="absent">not measured</span>}</td>
    })}
  </tr>
)

const Size: FC<{ entries: number | null; bytes: number | null }> = ({ entries, bytes }) =>
  entries === null ? null : (
    <>
      {count(entries)} vectors kept{bytes === null ? ', their memory is not known' : ` in ${count(bytes / 1024)} KiB`}.
    </>
  )

const times = (p50: number | null, p99: number | null): string | null =>
  p50 === null || p99 === null ? null : `${p50} / ${p99} ms`

const COLUMNS: { title: string; of: (figures: StoreFigures) => string | null }[] = [
  { title: 'Hit rate', of: ({ hit_rate }) => (hit_rate === null ? null : percent(hit_rate)) },
  { title: 'Hits', of: ({ hits }) => count(hits) },
  { title: 'Misses', of: ({ misses }) => count(misses) },
  { title: 'Stale', of: ({ stale }) => count(stale) },
  { title: 'Errors', of: ({ errors }) => count(errors) },
  { title: 'From the store within, p50 / p99', of: ({ retrieve_ms: { p50, p99 } }) => times(p50, p99) },
  { title: 'Extracted within, p50 / p99', of: ({ extract_ms: { p50, p99 } }) => times(p50, p99) },
  { title: 'Written', of: ({ written }) => count(written) },
  { title: 'Not written', of: ({ write_errors, dropped }) => count(write_errors + dropped) },
]
