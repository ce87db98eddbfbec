import type { Settings, TokenPrice } from '../settings.ts'
import type { Candidate, NotRun, Plan } from './case.ts'
import type { Disclosure } from './prompt.ts'
import { ROLES_OF_VERIFIERS, type VerifierName, type VerifierRole } from './verifier.ts'

interface VerifierFacts {
  title: string
  isRemote: boolean
  /** Where its answer stands in the incident; null: in the case only. */
  column: 'gemini_analysis' | 'grok_intel' | 'openai_remediation' | null
}

export const VERIFIER_FACTS: Record<VerifierName, VerifierFacts> = {
  gemini: { title: 'Gemini', isRemote: true, column: 'gemini_analysis' },
  grok: { title: 'Grok', isRemote: true, column: 'grok_intel' },
  openai: { title: 'OpenAI', isRemote: true, column: 'openai_remediation' },
  'workers-ai': { title: 'Workers AI', isRemote: true, column: null },
  rules: { title: 'Scenario rules', isRemote: false, column: null },
}

/** Who is asked for what, best first: the next one answers when the one before cannot. */
export const CANDIDATES: Record<VerifierRole, readonly VerifierName[]> = {
  judge: ['gemini', 'workers-ai', 'rules'],
  intel: ['grok', 'workers-ai'],
  remediation: ['openai', 'workers-ai'],
}

/** What leaves the machine for a role. Intelligence needs indicators only. */
export const DISCLOSED: Record<VerifierRole, Disclosure> = {
  judge: 'masked',
  intel: 'indicators',
  remediation: 'masked',
}

/** What a verifier needs to be asked. */
export interface VerifierSetup {
  model: string
  /** Null: it has no row in the price table. */
  price: TokenPrice | null
  /** Why it cannot be asked; null when it can. */
  off: string | null
}

export function setupsOf(
  settings: Settings,
  has: { ai: boolean; rules: boolean },
): Record<VerifierName, VerifierSetup> {
  const keyed = (key: string | null, name: string, model: string): VerifierSetup => {
    const price = settings.COUNCIL_PRICES[model] ?? null
    const off =
      key === null
        ? `${name} is not set.`
        : settings.COUNCIL_DAILY_BUDGET_USD === 0
          ? 'COUNCIL_DAILY_BUDGET_USD is 0.'
          : price === null
            ? `COUNCIL_PRICES has no price for the model ${model}.`
            : null
    return { model, price, off }
  }
  const { WORKERS_AI_MODEL: standIn } = settings
  return {
    gemini: keyed(settings.GEMINI_API_KEY, 'GEMINI_API_KEY', settings.GEMINI_MODEL),
    grok: keyed(settings.XAI_API_KEY, 'XAI_API_KEY', settings.XAI_MODEL),
    openai: keyed(settings.OPENAI_API_KEY, 'OPENAI_API_KEY', settings.OPENAI_MODEL),
    'workers-ai': {
      ...keyed(standIn === '' ? null : '', 'WORKERS_AI_MODEL', standIn),
      ...(has.ai || standIn === '' ? {} : { off: 'The binding AI is not there.' }),
    },
    rules: {
      model: 'scenario rules',
      price: { input: 0, output: 0 },
      off: has.rules ? null : 'No rule judge is there.',
    },
  }
}

/**
 * Who will be asked, in order, and who not and why.
 * @param isSourcePublic whether the source's address may be told to strangers at all
 */
export function planOf(setups: Record<VerifierName, VerifierSetup>, isSourcePublic: boolean): Plan {
  const notRun: NotRun[] = []
  const candidates = Object.fromEntries(
    ROLES_OF_VERIFIERS.map((role) => [
      role,
      CANDIDATES[role].flatMap((verifier): Candidate[] => {
        const off = setups[verifier].off ?? (role === 'intel' && !isSourcePublic ? NOT_PUBLIC : null)
        if (off === null) return [{ verifier, isRemote: VERIFIER_FACTS[verifier].isRemote }]
        notRun.push({ role, verifier, why: off })
        return []
      }),
    ]),
  ) as Plan['candidates']
  return { candidates, notRun }
}

const NOT_PUBLIC = 'The source has no public address: nobody outside can know it, and it is told to nobody.'

/** Dollars of so many tokens; null without a price. */
export const costOfTokens = (price: TokenPrice | null, input: number, output: number): number | null =>
  price === null ? null : (input * price.input + output * price.output) / 1_000_000
