import type { FC } from 'hono/jsx'
import type { SimilarCase } from '../../../core/council/memory/past-case.ts'
import type { VerifierName } from '../../../core/council/verifier.ts'
import { VERIFIER_FACTS } from '../../../core/council/verifiers.ts'
import type { CouncilCaseView } from '../../../core/council/view.ts'
import { classOf } from '../../../core/taxonomy.ts'
import type { EpochMs } from '../../../core/time.ts'
import { incidentHref } from '../../components/incident-link.tsx'
import { LogText } from '../../components/log-text.tsx'
import { Age } from '../../components/time.tsx'
import { plural } from '../../format.ts'

/** What memory said: the most similar past cases, and those that the verdict rests on when it was reused. */
export const PastCases: FC<{ given: CouncilCaseView; now: EpochMs }> = ({ given, now }) => {
  const { memory } = given.case
  if (memory === null) return null
  const { compared, why, isMissing, reuse } = memory
  const rests = new Set(reuse?.cases.map(({ key }) => key))
  const others = (given.pack?.similar ?? []).filter(({ key }) => !rests.has(key))
  return (
    <section class="card" aria-labelledby="past-cases">
      <h2 id="past-cases">Similar past cases</h2>
      {reuse === null ? null : (
        <>
          <p>
            Nobody was asked: {plural(reuse.agreeing, 'past case')} over 0.97 similar, none older than 30 days, agree,
            and none is against. The verdict rests on these:
          </p>
          <Cases cases={reuse.cases} now={now} />
        </>
      )}
      {why === null ? null : (
        <p class={isMissing ? 'missing' : 'hint'}>
          <LogText text={why} />
        </p>
      )}
      {compared === null ? null : compared === 0 ? (
        <p class="empty">There is none yet.</p>
      ) : (
        <p class="hint">
          {reuse === null ? 'The most similar' : others.length > 0 ? 'Others like it' : 'No other is as similar'}, of{' '}
          {plural(compared, 'case')} compared by the cosine of their windows.
        </p>
      )}
      {others.length === 0 ? null : <Cases cases={others} now={now} />}
    </section>
  )
}

const Cases: FC<{ cases: SimilarCase[]; now: EpochMs }> = ({ cases, now }) => (
  <div class="scroll">
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Incident</th>
          <th scope="col" class="number">
            Similarity
          </th>
          <th scope="col">Verdict</th>
          <th scope="col">Said by</th>
          <th scope="col">Age</th>
        </tr>
      </thead>
      <tbody>
        {cases.map((one) => (
          <tr>
            <td>
              <a href={incidentHref(one.incidentId, '/council')}>#{one.incidentId}</a>
            </td>
            <td class="number">{one.similarity.toFixed(4)}</td>
            <td>
              {one.verdict} <small>{classOf(one.threatClass).name}</small>
            </td>
            <td>{one.isReused ? 'past cases: it was reused, and counts for nothing' : <SaidBy one={one} />}</td>
            <td>
              <Age at={one.at} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

const SaidBy: FC<{ one: SimilarCase }> = ({ one: { by, who } }) => (
  <LogText text={by === 'analyst' ? `analyst ${who}` : (VERIFIER_FACTS[who as VerifierName]?.title ?? who)} />
)
