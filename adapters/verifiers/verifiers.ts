import type { Verifier, VerifierName } from '../../core/council/verifier.ts'
import type { VerifierSetup } from '../../core/council/verifiers.ts'
import type { Settings } from '../../core/settings.ts'
import { callGemini } from './gemini.ts'
import { callGrok } from './grok.ts'
import { type CallModel, modelVerifier } from './model-verifier.ts'
import { callOpenAi } from './openai.ts'
import { type AiBinding, callWorkersAi } from './workers-ai.ts'

/** What verifiers need of the world. */
export interface VerifierWorld {
  fetch: typeof fetch
  random: () => number
  sleep: (ms: number) => Promise<void>
  ai: AiBinding | null
}

/** The verifiers that settings and bindings turn on, by name; judges that run here are added by whoever has them. */
export function remoteVerifiers(
  settings: Settings,
  setups: Record<VerifierName, VerifierSetup>,
  { fetch, random, sleep, ai }: VerifierWorld,
): Map<VerifierName, Verifier> {
  const gateway = settings.AI_GATEWAY_URL
  const access = (key: string | null, baseUrl: string, path: string, model: string) => ({
    key: key ?? '',
    baseUrl: gateway === '' ? baseUrl : `${gateway}/${path}`,
    model,
    timeoutMs: settings.COUNCIL_TIMEOUT_MS,
    fetch,
    isGateway: gateway !== '',
  })
  const calls: [VerifierName, CallModel][] = [
    [
      'gemini',
      callGemini(access(settings.GEMINI_API_KEY, settings.GEMINI_BASE_URL, 'google-ai-studio', setups.gemini.model)),
    ],
    ['grok', callGrok(access(settings.XAI_API_KEY, settings.XAI_BASE_URL, 'grok', setups.grok.model))],
    ['openai', callOpenAi(access(settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL, 'openai', setups.openai.model))],
  ]
  if (ai !== null)
    calls.push([
      'workers-ai',
      callWorkersAi({ ai, model: setups['workers-ai'].model, timeoutMs: settings.COUNCIL_TIMEOUT_MS }),
    ])
  return new Map(
    calls
      .filter(([name]) => setups[name].off === null)
      .map(([name, call]) => {
        const { model, price } = setups[name]
        return [name, modelVerifier({ name, model, price, call, random, sleep })]
      }),
  )
}
