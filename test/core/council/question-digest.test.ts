import { describe, expect, it } from 'vitest'
import { assemblePack } from '../../../core/council/assemble-pack.ts'
import type { PackEvent } from '../../../core/council/evidence-pack.ts'
import { Masker } from '../../../core/council/masking.ts'
import { type Disclosure, writePrompt } from '../../../core/council/prompt.ts'
import { type AskedQuestion, questionDigest } from '../../../core/council/question-digest.ts'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import { logIns } from '../../support/council-fixture.ts'
import { incidentRow } from '../../support/incident-fixture.ts'

function digest(
  key: string,
  marker: string,
  evidence: readonly PackEvent[] = logIns(6),
  over: Partial<AskedQuestion> = {},
): Promise<string> {
  const row = { ...incidentRow(key, 3, { src_ip: '45.33.32.156' }), intel: null } as unknown as IncidentRow
  const pack = assemblePack(row, evidence, { scenarioHits: [], similar: [], intel: null })
  const masker = new Masker(pack, evidence, [], [])
  const disclosure: Disclosure = over.disclosure ?? 'masked'
  const prompt = writePrompt({ role: 'judge', pack, before: [], isLast: true }, { marker, masker, disclosure })
  return questionDigest({ verifier: 'gemini', model: 'm', role: 'judge', disclosure, prompt, marker, ...over })
}

/** The same evidence, where every user and every password has another name. */
const renamed = logIns(6).map((one): PackEvent => {
  const username = one.event.username === 'root' ? 'postgres' : 'deploy'
  const original = one.original.replaceAll('root', 'postgres').replaceAll('oracle', 'deploy')
  return { ...one, original, event: { ...one.event, username, password: `Summer-${one.n}` } }
})

describe('the digest of a question', () => {
  it('is the same for two incidents with the same evidence, whatever their keys and markers', async () => {
    expect(await digest('one', 'f00dfeed')).toBe(await digest('another', '0ddba11'))
  })

  it('is the same where only what is masked differs', async () => {
    expect(await digest('one', 'f00dfeed', renamed)).toBe(await digest('another', '0ddba11'))
  })

  it.each<[string, readonly PackEvent[] | undefined, Partial<AskedQuestion>]>([
    ['another event', logIns(7), {}],
    ['another port', logIns(6, { dst_port: 2222 }), {}],
    ['another verifier', undefined, { verifier: 'workers-ai' }],
    ['another model', undefined, { model: 'n' }],
    ['another role', undefined, { role: 'remediation' }],
    ['another disclosure', undefined, { disclosure: 'blind' }],
  ])('is another for %s', async (_, evidence, over) => {
    expect(await digest('one', 'f00dfeed', evidence, over)).not.toBe(await digest('one', 'f00dfeed'))
  })
})
