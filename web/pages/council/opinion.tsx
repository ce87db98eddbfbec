import type { FC } from 'hono/jsx'
import type { Ask, EarlierCase } from '../../../core/council/case.ts'
import type { CheckedCitation } from '../../../core/council/grounding.ts'
import { VERIFIER_FACTS } from '../../../core/council/verifiers.ts'
import { classOf } from '../../../core/taxonomy.ts'
import { EvidenceLink, incidentHref } from '../../components/incident-link.tsx'
import { LogText } from '../../components/log-text.tsx'
import { Time } from '../../components/time.tsx'
import { count, percent, plural } from '../../format.ts'
import { brief, type CouncilView, dollars } from './view.ts'

/** One verifier's answer: verdict, reasons, and the events it rests on; struck citations are shown struck. */
export const OpinionCard: FC<{ ask: Ask; view: CouncilView }> = ({ ask, view }) => (
  <section class="card" aria-labelledby={`ask-${ask.id}`}>
    <h2 id={`ask-${ask.id}`}>
      {VERIFIER_FACTS[ask.verifier].title}, {ask.role}
      {ask.isBlind ? ' without the text of strangers' : null}
    </h2>
    {ask.opinion === null ? (
      <p class={ask.state === 'failed' ? 'missing' : 'absent'}>
        {ask.state === 'failed' ? (
          <>Failed: {<LogText text={ask.why ?? 'no reason was given'} />}.</>
        ) : ask.state === 'let-go' ? (
          letGo(ask)
        ) : ask.begun === 0 ? (
          'Not asked yet.'
        ) : (
          'Asked, no answer yet.'
        )}
      </p>
    ) : (
      <>
        <p class="large">
          {ask.opinion.verdict === null ? (
            <span class="absent">no verdict</span>
          ) : (
            <>
              {ask.opinion.verdict} <span class="number">{percent(ask.opinion.confidence)}</span>
            </>
          )}
          {ask.opinion.threatClass === null ? null : <small> {classOf(ask.opinion.threatClass).name}</small>}
        </p>
        <p class="reasoning">
          <LogText text={view.restore(ask.opinion.reasoning)} />
        </p>
        <Citations citations={ask.opinion.citations} view={view} />
        {ask.opinion.actions.length === 0 ? null : (
          <>
            <h3>Proposed, carried out by nobody</h3>
            <ol>
              {ask.opinion.actions.map(({ action, why, rollback }) => (
                <li>
                  <b>
                    <LogText text={view.restore(action)} />
                  </b>{' '}
                  <LogText text={view.restore(why)} />{' '}
                  <small>
                    Taken back by: <LogText text={view.restore(rollback)} />
                  </small>
                </li>
              ))}
            </ol>
          </>
        )}
      </>
    )}
    <p class="hint">
      {ask.model === null ? null : (
        <>
          Model <LogText text={ask.model} />.{' '}
        </>
      )}
      {ask.from === null ? null : <Earlier from={ask.from} view={view} />}
      {ask.begunAt !== null && ask.endedAt !== null ? `Took ${brief(ask.endedAt - ask.begunAt)}. ` : null}
      {ask.isRemote
        ? ask.endedAt === null
          ? null
          : `${plural(ask.calls, 'call')}${
              ask.usage === null
                ? '.'
                : `, ${count(ask.usage.inputTokens)} tokens in and ${count(ask.usage.outputTokens)} out, ${dollars(ask.usage.costUsd)}.`
            }`
        : 'It runs here: nothing left this machine.'}
      {ask.begun > 1 ? ` Asked again after it was cut off (${count(ask.begun)} times in all).` : null}
    </p>
  </section>
)

/** What became of a call that nobody waited for any more. */
function letGo({ begun, endedAt, calls, failure }: Ask): string {
  if (begun === 0 || (endedAt !== null && calls === 0)) return 'Not asked: the case was stopped before.'
  if (endedAt === null) return 'Let go when the case was stopped; no answer has come since.'
  return failure === null
    ? 'Its answer came after the case was stopped, and does not count.'
    : 'It failed after the case was stopped.'
}

/** Whose answer it is, where nobody was asked. */
const Earlier: FC<{ from: EarlierCase; view: CouncilView }> = ({ from: { incidentKey, round, at }, view }) => {
  const id = view.incidentIds.get(incidentKey)
  const name = `case ${round}${id === undefined ? '' : ` of #${id}`}`
  return (
    <>
      Nobody was asked: from an earlier identical question,{' '}
      {id === undefined ? name : <a href={incidentHref(id, '/council')}>{name}</a>}, answered <Time at={at} />.{' '}
    </>
  )
}

const Citations: FC<{ citations: CheckedCitation[]; view: CouncilView }> = ({ citations, view }) => {
  const kept = view.given?.pack?.counts.kept ?? 0
  return citations.length === 0 ? (
    <p class="absent">It cites no event.</p>
  ) : (
    <ul class="citations">
      {citations.map(({ evidence, says, facts, struck, checked }) => {
        const text = (
          <>
            {evidence <= kept ? <EvidenceLink incidentId={view.incident.id} n={evidence} /> : `E${evidence}`}{' '}
            <LogText
              text={view.restore([says, ...facts.map(({ field, value }) => `${field} = ${value}`)].join('; '))}
            />
          </>
        )
        return struck === null ? (
          <li>
            {text} <small>{checked === 0 ? 'the event exists' : `${plural(checked, 'fact')} checked`}</small>
          </li>
        ) : (
          <li>
            <s>{text}</s>{' '}
            <small class="missing">
              struck: <LogText text={view.restore(struck)} />
            </small>
          </li>
        )
      })}
    </ul>
  )
}
