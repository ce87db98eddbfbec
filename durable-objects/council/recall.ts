import { inTime } from '../../adapters/in-time.ts'
import type { CouncilCase, MemoryAnswer } from '../../core/council/case.ts'
import type { EvidencePack } from '../../core/council/evidence-pack.ts'
import type { PastCase, SimilarCase } from '../../core/council/memory/past-case.ts'
import { type ReuseTerms, whyNotReused } from '../../core/council/memory/reuse.ts'
import type { CaseMemoryPort } from '../names.ts'

/** Similar cases that a pack holds. */
const SHOWN = 5
/** A case does not wait longer for memory. */
const PATIENCE_MS = 2_000

interface Recalled {
  memory: MemoryAnswer
  similar: SimilarCase[]
}

const without = (why: string, isMissing = false): Recalled => ({
  memory: { compared: null, why, isMissing, reuse: null },
  similar: [],
})

/** What memory says of a case. Never rejects: a memory that does not answer costs the case nothing but its help. */
export async function recall(memory: CaseMemoryPort | null, pack: EvidencePack, terms: ReuseTerms): Promise<Recalled> {
  if (memory === null) return without('No memory is set up.')
  if (pack.kind === 'campaign') return without(NO_CAMPAIGNS)
  try {
    const question = { ...pack.window, incidentKey: pack.incidentKey }
    const answer = await inTime(memory.similar(question, SHOWN), PATIENCE_MS)
    if (!answer.ok) return without(`It was not asked: ${answer.error}.`)
    const { similar, reuse, compared, whyNot } = answer.value
    const why = reuse === null ? whyNot : whyNotReused(reuse, pack, terms)
    return { similar, memory: { compared, why, isMissing: false, reuse: why === null ? reuse : null } }
  } catch (error) {
    return without(`memory did not answer (${String(error).slice(0, 200)})`, true)
  }
}

const NO_CAMPAIGNS = 'A campaign is many sources: the window of its strongest one does not stand for it.'

/** A case that is over as memory keeps it; null for one that came to nothing, and for a campaign. */
export function pastCaseOf(one: CouncilCase, pack: EvidencePack, round: number): PastCase | null {
  const { conclusion, memory } = one
  if (conclusion === null || pack.kind === 'campaign') return null
  const judge = one.asks.findLast(({ role, isBlind, opinion }) => role === 'judge' && !isBlind && opinion !== null)
  const { verdict, threatClass, confidence } = conclusion
  const isReused = memory?.reuse != null
  return {
    ...pack.window,
    incidentKey: pack.incidentKey,
    incidentId: pack.incidentId,
    round,
    verdict,
    threatClass,
    confidence,
    by: 'council',
    who: isReused ? 'memory' : (judge?.verifier ?? 'council'),
    // When it was concluded: the same however often it is told.
    at: one.steps.findLast(({ state }) => state === 'aggregate')!.at,
    isReused,
  }
}
