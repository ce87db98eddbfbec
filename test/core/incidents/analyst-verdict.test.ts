import { describe, expect, it } from 'vitest'
import {
  ANALYST_VERDICTS,
  type GivenVerdict,
  STATUS_AFTER,
  taughtClass,
  whatItTeaches,
} from '../../../core/incidents/analyst-verdict.ts'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import { INCIDENT_STATUSES } from '../../../core/store/schema.ts'
import type { ClassId } from '../../../core/taxonomy.ts'

const row = (threat_class: ClassId, corrected?: ClassId) =>
  ({
    threat_class,
    triage_note: corrected === undefined ? {} : { council: { corrected_class: { id: corrected, name: '' } } },
  }) as unknown as IncidentRow
const given = (verdict: GivenVerdict['verdict'], correctClass: ClassId | null = null): GivenVerdict => ({
  verdict,
  correctClass,
  comment: null,
})

describe('the class that a verdict teaches', () => {
  it('is the ensemble’s, unless the council or the analyst corrects it', () => {
    expect(taughtClass(given('true_positive'), row(3))).toEqual({ ok: true, value: 3 })
    expect(taughtClass(given('true_positive'), row(3, 6))).toEqual({ ok: true, value: 6 })
    expect(taughtClass(given('true_positive', 5), row(3, 6))).toEqual({ ok: true, value: 5 })
  })

  it('of what was allowed is what it did, never Normal', () => {
    expect(taughtClass(given('benign_true_positive'), row(2))).toEqual({ ok: true, value: 2 })
    expect(taughtClass(given('benign_true_positive', 0), row(2))).toEqual({
      ok: false,
      error: 'class-contradicts-verdict',
    })
  })

  it('of a false positive is Normal, and no other can be named', () => {
    expect(taughtClass(given('false_positive'), row(3, 6))).toEqual({ ok: true, value: 0 })
    expect(taughtClass(given('false_positive', 2), row(3)).ok).toBe(false)
  })

  it('of a window that looked ordinary has to be named', () => {
    expect(taughtClass(given('true_positive'), row(0)).ok).toBe(false)
    expect(taughtClass(given('true_positive', 6), row(0))).toEqual({ ok: true, value: 6 })
  })

  it('is told in words', () => {
    expect(whatItTeaches('Normal')).toContain('ordinary')
    expect(whatItTeaches('APT')).toContain('APT')
  })
})

it('no verdict makes an incident contained, new or resolved', () => {
  for (const verdict of ANALYST_VERDICTS)
    for (const status of INCIDENT_STATUSES)
      expect(['investigating', 'dismissed', undefined]).toContain(STATUS_AFTER[verdict][status])
})
