import { callChatCompletions } from './chat-completions.ts'
import type { CallModel } from './model-verifier.ts'
import type { ModelAccess } from './post-json.ts'

/** Grok by xAI's REST API (docs.x.ai/docs/api-reference, "Chat completions"), with structured output. */
export const callGrok = (access: ModelAccess): CallModel => callChatCompletions(access, '/v1/chat/completions')
