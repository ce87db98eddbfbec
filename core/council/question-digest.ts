import { sha256Hex } from '../auth/token.ts'
import { OPINION_SCHEMA } from './opinion-schema.ts'
import type { Disclosure, Prompt } from './prompt.ts'
import type { VerifierName, VerifierRole } from './verifier.ts'

/** Who is asked what, as far as it makes the answer. */
export interface AskedQuestion {
  verifier: VerifierName
  model: string
  role: VerifierRole
  disclosure: Disclosure
  prompt: Prompt
  /** The marker that fences this prompt's evidence. */
  marker: string
}

/**
 * SHA-256 (hex) of a question, the same for every case that asks the same: the random marker is taken out, and a prompt
 * holds no key of its incident. The masked text is what counts. Its tokens are given out in the order of the evidence, so
 * that two prompts are equal where they say the same of USER_1, whoever that is in either case; an answer to one may
 * then be read with the other's masks, and only then.
 */
export const questionDigest = ({ verifier, model, role, disclosure, prompt, marker }: AskedQuestion): Promise<string> =>
  sha256Hex(
    JSON.stringify([
      verifier,
      model,
      role,
      disclosure,
      prompt.system,
      prompt.user.replaceAll(marker, ''),
      // An answer of another form would be read wrong after an upgrade.
      OPINION_SCHEMA,
    ]),
  )
