import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type GivenLabel, labelInForce } from '../../../core/learning/sample-label.ts'

const ENSEMBLE = { prediction: 'Brute Force Attack', isTrusted: false, at: 9 }
let ids = 0
const council = (verdict: string, label: string | null): GivenLabel => ({
  id: ++ids,
  trust: 'council',
  verdict,
  label,
  actor: 'council',
  at: ids,
})
const analyst = (verdict: string | null, label: string | null, actor = 'user:ann'): GivenLabel => ({
  id: ++ids,
  trust: 'analyst',
  verdict,
  label,
  actor,
  at: ids,
})

describe('of conflicting labels', () => {
  it('an analyst’s counts for more than a later one of the council', () => {
    const said = [analyst('false_positive', 'Normal'), council('THREAT', 'APT')]
    expect(labelInForce(said, ENSEMBLE)).toMatchObject({
      label: 'Normal',
      trust: 'analyst',
      labelledBy: 'user:ann',
      councilVerdict: 'THREAT',
      councilLabel: 'APT',
    })
  })

  it('of two analysts the later one counts', () => {
    const said = [analyst('false_positive', 'Normal'), analyst('true_positive', 'APT', 'user:bob')]
    expect(labelInForce(said, ENSEMBLE)).toMatchObject({ label: 'APT', labelledBy: 'user:bob' })
  })

  it('what was taken back leaves the council’s, not the analyst’s before', () => {
    const said = [council('THREAT', 'APT'), analyst('false_positive', 'Normal'), analyst('true_positive', 'APT')]
    expect(labelInForce([...said, analyst(null, null)], ENSEMBLE)).toMatchObject({ label: 'APT', trust: 'council' })
  })

  it('without anybody the ensemble’s own counts where it was trusted, and as weak only', () => {
    const back = [analyst('false_positive', 'Normal'), analyst(null, null)]
    expect(labelInForce(back, ENSEMBLE)).toMatchObject({ label: null, trust: 'weak', labelledBy: 'ensemble' })
    expect(labelInForce(back, { ...ENSEMBLE, isTrusted: true })).toMatchObject({
      label: 'Brute Force Attack',
      trust: 'weak',
    })
  })

  it('a council that cannot decide takes its own earlier label back and gives none', () => {
    const said = [council('THREAT', 'APT'), council('INVESTIGATE', null)]
    expect(labelInForce(said, { ...ENSEMBLE, isTrusted: true })).toMatchObject({ label: null, trust: 'council' })
  })

  it('does not depend on the order in which verdicts are read', () => {
    const words = fc.array(fc.constantFrom('THREAT', 'FALSE_POSITIVE', 'INVESTIGATE', 'true_positive', 'taken back'))
    fc.assert(
      fc.property(words, (all) => {
        const said = all.map((word) => {
          if (word === 'taken back') return analyst(null, null)
          if (word === 'true_positive') return analyst(word, 'APT')
          return council(word, word === 'INVESTIGATE' ? null : word === 'THREAT' ? 'APT' : 'Normal')
        })
        expect(labelInForce([...said].reverse(), ENSEMBLE)).toEqual(labelInForce(said, ENSEMBLE))
      }),
    )
  })
})
