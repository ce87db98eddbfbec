import type { Child, FC } from 'hono/jsx'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import type { Finding, FindingKind } from '../../../core/intel/finding.ts'
import type { EpochMs } from '../../../core/time.ts'
import { Attribution } from '../../components/attribution.tsx'
import { LogText } from '../../components/log-text.tsx'
import { Age, Time } from '../../components/time.tsx'
import { percent } from '../../format.ts'

const SAYS: Record<FindingKind, string> = {
  blocklist: 'Blocklist',
  'tor-exit': 'Tor exit',
  c2: 'Command and control',
  'allow-list': 'Allow-list',
  crawler: 'Calls itself',
  reputation: 'Reputation',
  country: 'Country',
  network: 'Network',
  ja3: 'TLS fingerprint',
  'domain-age': 'Age of a domain',
}

/** What lists and tables say of the source, each with its source and age. What nobody says is said to be absent. */
export const WhatOthersKnow: FC<{ incident: IncidentRow; now: EpochMs }> = ({ incident, now }) => (
  <section class="card" aria-labelledby="others">
    <h2 id="others">What others know of the source</h2>
    {incident.intel === null ? (
      <p class="empty">
        {incident.kind === 'campaign'
          ? 'The sources of a campaign are not looked up.'
          : 'Not looked up: the incident was written without threat intelligence.'}
      </p>
    ) : (
      <Known intel={incident.intel} source={incident.src_ip} now={now} />
    )}
  </section>
)

const Known: FC<{ intel: NonNullable<IncidentRow['intel']>; source: string; now: EpochMs }> = ({
  intel,
  source,
  now,
}) => {
  const { findings, asked, at } = intel
  const silent = asked.filter((name) => !findings.some((finding) => finding.source === name))
  const isGeographic = findings.some(({ kind }) => kind === 'country' || kind === 'network')
  return (
    <>
      {findings.length === 0 ? null : (
        <div class="scroll">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Says</th>
                <th scope="col" class="number">
                  Score
                </th>
                <th scope="col">Source</th>
                <th scope="col">As of</th>
              </tr>
            </thead>
            <tbody>
              {findings.map((finding) => (
                <tr>
                  <td>{SAYS[finding.kind]}</td>
                  <td>
                    <Says finding={finding} source={source} />
                  </td>
                  <td class="number">{hasNoNumber(finding) ? <Absent /> : percent(finding.score!)}</td>
                  <td>
                    <LogText text={finding.source} />
                    {finding.licence === null ? null : (
                      <small>
                        {' '}
                        <LogText text={finding.licence} />
                      </small>
                    )}
                  </td>
                  <td>
                    <Age at={finding.asOf} now={now} /> ago
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {silent.length === 0 ? null : (
        <p>
          Asked, and nothing known of it: <LogText text={silent.join(', ')} />.
        </p>
      )}
      {asked.length === 0 ? (
        <p class="empty">
          Nobody was asked: the source is a private or own address, or nothing that is loaded was true at the time of
          its events.
        </p>
      ) : null}
      <p class="hint">
        Looked up <Time at={at} />.
      </p>
      {isGeographic ? <Attribution /> : null}
    </>
  )
}

/** That an address is no Tor exit is no number of anything. */
const hasNoNumber = ({ kind, score }: Finding): boolean => score === null || (kind === 'tor-exit' && score === 0)

const Absent: FC = () => <span class="absent">no number</span>

const Says: FC<{ finding: Finding; source: string }> = ({ finding, source }) => {
  const { kind, value, detail, subject } = finding
  const parts: Child[] = []
  if (kind === 'network') parts.push(<LogText text={`AS${value} ${detail}`.trim()} />)
  else if (kind === 'domain-age') parts.push(<LogText text={`${subject}: ${value} days`} />)
  else {
    if (subject !== source) parts.push(<LogText text={subject} />)
    if (value !== '') parts.push(<LogText text={value} />)
    if (detail !== '') parts.push(<LogText text={detail} />)
  }
  if (parts.length === 0) return <>{kind === 'tor-exit' && finding.score === 0 ? 'it is none' : 'holds it'}</>
  return (
    <>
      {parts.map((part, i) => (
        <>
          {i > 0 ? ' · ' : null}
          {part}
        </>
      ))}
    </>
  )
}
