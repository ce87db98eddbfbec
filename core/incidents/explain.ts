import type { ClassFamily } from '../taxonomy.ts'
import type { IncidentRow } from './view.ts'

/** Why the prediction took its route, in a sentence. */
export function explainRoute(row: Pick<IncidentRow, 'route' | 'ml_confidence' | 'threat_class'>): string {
  switch (row.route) {
    case 'TRUST':
      return 'Confidence is over 0.90, so the model is trusted without a second opinion.'
    case 'VERIFY':
      return 'Confidence lies between 0.50 and 0.90: the council gives a second opinion.'
    case 'INVESTIGATE':
      return row.threat_class === 0
        ? 'The window looks ordinary to the classes but is unlike ordinary windows, so it needs a person.'
        : 'Confidence is under 0.50: the model is not sure enough to be followed, and the council looks into it.'
  }
}

/** What asked for the incident, in a sentence. */
export function explainOpening(openedBy: IncidentRow['opened_by']): string {
  switch (openedBy) {
    case 'prediction':
      return 'Opened by one window that was clear enough by itself.'
    case 'accumulated-evidence':
      return 'Opened by evidence that gathered over several windows; no single one was clear enough.'
    case 'campaign':
      return 'Opened because many sources, each too thin for an incident of its own, did the same.'
  }
}

/** Said of a prediction that is marked uncertain. */
export const UNCERTAIN = 'No class reached its threshold; the most probable one was taken.'

/** What to look at first, by what the source does. Questions, not findings: the evidence answers them. */
export const FIRST_QUESTIONS: Record<ClassFamily, string> = {
  normal: 'Which indicator is unusual, and does the evidence explain it?',
  'denial-of-service': 'Is the target still answering, and can the flood be dropped upstream?',
  reconnaissance: 'Did any probe get an answer, and did the source come back with more than a probe?',
  'brute-force': 'Did any log-in succeed, and from where is the account normally used?',
  'web-attack': 'Did any request get an answer that it should not have got (status 200, a large body)?',
  malware: 'Which host of ours talks to this source, and when did it begin?',
  intrusion: 'Which accounts and hosts did it touch after the first success?',
}
