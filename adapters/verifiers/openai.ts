import { callChatCompletions } from './chat-completions.ts'
import type { CallModel } from './model-verifier.ts'
import type { ModelAccess } from './post-json.ts'

/** OpenAI by its REST API, with structured output. Through AI Gateway the version is no part of the path. */
export const callOpenAi = (access: ModelAccess & { isGateway: boolean }): CallModel =>
  callChatCompletions(access, access.isGateway ? '/chat/completions' : '/v1/chat/completions')
