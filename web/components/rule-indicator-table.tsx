import type { FC } from 'hono/jsx'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { classOf } from '../../core/taxonomy.ts'
import { count, plural } from '../format.ts'
import { incidentHref } from './incident-link.tsx'
import { LogText } from './log-text.tsx'

/** Scenario rules that match the kept evidence, those that find an attack before those that explain one away. */
export const RuleIndicatorTable: FC<{ incident: IncidentRow; kept: number }> = ({ incident, kept }) => {
  const { rules } = incident.triage_note
  if (rules === undefined) return <p class="absent">Scenario rules have not been held against this incident.</p>
  if (rules.length === 0)
    return <p class="absent">No scenario rule matches the {plural(kept, 'event')} kept of this incident.</p>
  return (
    <>
      <div class="scroll">
        <table class="list rule-indicators cards">
          <thead>
            <tr>
              <th scope="col">Scenario rule</th>
              <th scope="col">Level</th>
              <th scope="col">Says</th>
              <th scope="col">Techniques</th>
              <th scope="col" class="number">
                Events
              </th>
              <th scope="col">Evidence</th>
            </tr>
          </thead>
          <tbody>
            {rules.map((matched) => (
              <tr>
                <th scope="row" data-label="Scenario rule">
                  {matched.title}
                  <small>
                    {matched.rule}
                    {Object.entries(matched.group).map(([field, value]) => (
                      <>
                        {' '}
                        · {field} <LogText text={String(value)} />
                      </>
                    ))}
                    {matched.groups > 1 ? ` and ${plural(matched.groups - 1, 'more group')}` : null}
                  </small>
                </th>
                <td data-label="Level">{matched.level}</td>
                <td data-label="Says">
                  {matched.explains === null ? (
                    classOf(matched.threat_class).name
                  ) : (
                    <span class="explains">harmless: {matched.explains}</span>
                  )}
                </td>
                <td data-label="Techniques">
                  {matched.techniques.length === 0 ? (
                    <span class="absent">none named</span>
                  ) : (
                    matched.techniques.join(', ')
                  )}
                </td>
                <td class="number" data-label="Events">
                  {count(matched.count)}
                </td>
                <td data-label="Evidence">
                  {matched.evidence.map((n, i) => (
                    <>
                      {i === 0 ? null : ' '}
                      <a href={incidentHref(incident.id, `/evidence/${n}`)}>E{n}</a>
                    </>
                  ))}
                  {matched.count > matched.evidence.length ? ' …' : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">
        Held against the {plural(kept, 'event')} kept as evidence, whenever evidence was added. A rule that explains
        speaks against an attack; it does not undo one that another rule finds.
      </p>
    </>
  )
}
