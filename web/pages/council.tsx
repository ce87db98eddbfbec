import type { FC } from 'hono/jsx'
import { costOf, isOver } from '../../core/council/case.ts'
import { VERIFIER_FACTS } from '../../core/council/verifiers.ts'
import type { CouncilCaseView } from '../../core/council/view.ts'
import { classOf } from '../../core/taxonomy.ts'
import { IncidentHeader } from '../components/incident-header.tsx'
import { EvidenceLink, incidentHref } from '../components/incident-link.tsx'
import { Layout, type Viewer } from '../components/layout.tsx'
import { LogText } from '../components/log-text.tsx'
import { Time } from '../components/time.tsx'
import { count, percent, plural, utcText } from '../format.ts'
import { OpinionCard } from './council/opinion.tsx'
import { PastCases } from './council/past-cases.tsx'
import { Requested, Requests } from './council/requests.tsx'
import { brief, type CouncilView, dollars, titleOfState } from './council/view.ts'

/** The council's tab of an incident: the case as it ran, every answer with what it rests on, and what did not run. */
export const CouncilPage: FC<{ view: CouncilView; evidence: number; viewer: Viewer }> = ({
  view,
  evidence,
  viewer,
}) => {
  return (
    <Layout title={`Council on #${view.incident.id}`} viewer={viewer} place="incidents">
      <div id="council">
        <CouncilParts view={view} evidence={evidence} />
      </div>
    </Layout>
  )
}

/** All of the tab that changes while a case runs. */
export const CouncilParts: FC<{ view: CouncilView; evidence: number }> = ({ view, evidence }) => (
  <>
    <IncidentHeader incident={view.incident} tab="council" evidence={evidence} />
    <Running view={view} />
    <Case view={view} />
  </>
)

/** Asks for the tab anew. It stands there only while a case runs: the answer that has it no more ends the asking. */
const Running: FC<{ view: CouncilView }> = ({ view: { given, incident } }) =>
  given === null || isOver(given.case) ? null : (
    <p
      id="running"
      class="hint"
      hx-get={`/fragments/incident/${incident.id}/council`}
      hx-trigger="every 2s"
      hx-target="#council"
      hx-swap="innerMorph"
    >
      The case runs: {titleOfState(given.case.state).toLowerCase()}.
      <noscript>
        {' '}
        <a href={incidentHref(incident.id, '/council')}>Load the page again</a> to see how far it is.
      </noscript>
    </p>
  )

const Case: FC<{ view: CouncilView }> = ({ view }) => {
  const { given, incident } = view
  if (view.error !== null) return <p class="missing">The case is not known: {view.error}.</p>
  if (given === null)
    return (
      <>
        <p class="empty">
          {incident.route === 'TRUST'
            ? 'No case: the model was sure enough (over 0.90), so nobody else was asked.'
            : 'No case has been opened yet.'}
        </p>
        <Requests view={view} />
      </>
    )
  return (
    <>
      <div class="two">
        <Outcome view={view} given={given} />
        <Course given={given} />
      </div>
      {given.case.asks.map((ask) => (
        <OpinionCard ask={ask} view={view} />
      ))}
      <PastCases given={given} now={view.now} />
      <NotRun given={given} />
      <Requests view={view} />
      <Pack view={view} given={given} />
      <Records view={view} />
    </>
  )
}

const Outcome: FC<{ view: CouncilView; given: CouncilCaseView }> = ({ view, given }) => {
  const { conclusion, failure } = given.case
  return (
    <section class="card" aria-labelledby="verdict">
      <h2 id="verdict">Verdict</h2>
      <Requested what="Asked" request={given.case.askedBy} />
      <Requested what="Stopped" request={given.case.stoppedBy} />
      {failure === null ? null : given.case.stoppedBy !== null ? (
        <p class="missing">No verdict.</p>
      ) : (
        <p class="missing">
          No verdict: <LogText text={view.restore(failure)} />
        </p>
      )}
      {conclusion === null ? (
        failure === null ? (
          <p class="absent">none yet</p>
        ) : null
      ) : (
        <>
          <p class="large">
            {conclusion.verdict} <span class="number">{percent(conclusion.confidence)}</span>{' '}
            <small>{classOf(conclusion.threatClass).name}</small>
          </p>
          <p class="reasoning">
            <LogText text={view.restore(conclusion.reasoning)} />
          </p>
          {conclusion.remarks.map((remark) => (
            <p class="missing">
              <LogText text={view.restore(remark)} />
            </p>
          ))}
          {conclusion.isSampled ? <p>It stays in the queue all the same: one dismissal in ten is looked at.</p> : null}
        </>
      )}
      <p class="hint">
        {given.round > 1 ? `Case ${given.round} of this incident. ` : null}
        {isOver(given.case) ? 'All calls together' : 'Calls that have ended'}: {dollars(costOf(given.case))}.
      </p>
    </section>
  )
}

const Course: FC<{ given: CouncilCaseView }> = ({ given: { case: one } }) => (
  <section class="card" aria-labelledby="course">
    <h2 id="course">As it ran</h2>
    <ol class="course">
      {one.steps.map(({ state, at }, i) => (
        <li>
          <span>{titleOfState(state)}</span>
          <small class="when">
            {i === 0 ? <Time at={at} /> : <span title={utcText(at)}>after {brief(at - one.steps[i - 1]!.at)}</span>}
          </small>
        </li>
      ))}
    </ol>
  </section>
)

const NotRun: FC<{ given: CouncilCaseView }> = ({ given: { case: one } }) =>
  one.notRun.length === 0 ? null : (
    <section class="card" aria-labelledby="not-run">
      <h2 id="not-run">What did not run</h2>
      <ul>
        {one.notRun.map(({ role, verifier, why }) => (
          <li>
            {verifier === null ? null : `${VERIFIER_FACTS[verifier].title}, `}
            {role}: <LogText text={why} />
          </li>
        ))}
      </ul>
    </section>
  )

const Pack: FC<{ view: CouncilView; given: CouncilCaseView }> = ({ view, given: { pack, promptTokens } }) =>
  pack === null ? null : (
    <section class="card" aria-labelledby="pack">
      <h2 id="pack">What was judged</h2>
      <p>
        {count(pack.counts.shown)} events, chosen to represent {plural(pack.counts.kept, 'event')} kept of{' '}
        {count(pack.counts.seen)}.{' '}
        {promptTokens === null
          ? 'Nothing was sent to anybody.'
          : `The largest prompt had about ${count(promptTokens)} tokens (a token taken for four characters).`}
      </p>
      {pack.addressed.length === 0 ? null : (
        <>
          <h3>Text in it speaks to a model</h3>
          <ul>
            {pack.addressed.map(({ n, field, words }) => (
              <li>
                <EvidenceLink incidentId={view.incident.id} n={n} /> {field}: <LogText text={words} />
              </li>
            ))}
          </ul>
        </>
      )}
      {pack.scenarioHits.length === 0 ? null : (
        <>
          <h3>Scenario rules that matched</h3>
          <ul>
            {pack.scenarioHits.map(({ title, threatClass, techniques, evidence }) => (
              <li>
                {title}, {threatClass === null ? 'a harmless explanation' : classOf(threatClass).name}{' '}
                <small>{techniques.join(' ')}</small>{' '}
                {evidence.slice(0, 10).map((n) => (
                  <>
                    <EvidenceLink incidentId={view.incident.id} n={n} />{' '}
                  </>
                ))}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )

/** For analysts: prompts as they went out, masked, and answers as they came. */
const Records: FC<{ view: CouncilView }> = ({ view: { records } }) =>
  records === null || records.length === 0 ? null : (
    <details class="card">
      <summary>Prompts and answers as they were sent and came</summary>
      {records.map(({ askId, prompt, answer }) => (
        <>
          <h3>{askId}</h3>
          <pre class="original">
            <code>
              {prompt.split('\n').map((line) => (
                <>
                  <LogText text={line} />
                  {'\n'}
                </>
              ))}
            </code>
          </pre>
          {answer === '' ? (
            <p class="absent">No answer is there.</p>
          ) : (
            <pre class="original">
              <code>
                <LogText text={answer} />
              </code>
            </pre>
          )}
        </>
      ))}
    </details>
  )
