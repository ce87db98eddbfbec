import { eventFields } from '../incidents/evidence-view.ts'
import type { AddressedText, PackEvent } from './evidence-pack.ts'

/**
 * Text in logs that speaks to a language model. Nobody sends such words to a server by mistake: they are an indicator,
 * and while they are there no verifier's acquittal counts. That every such text is found is not relied on; see
 * `isBlind` in prompt.ts for what holds the rest.
 */
const WORDS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|prompts?|rules?|directions?|guidelines?|context|above|previous|prior|evidence|events?)\b/i,
  /\b(?:you are|you're|act as|pretend to be|roleplay)\b.{0,30}\b(?:ai|assistant|model|llm|judge|analyst|verifier|dan|chatgpt|gemini|grok|gpt)\b/i,
  /\b(?:as an ai|language model|large model|system prompt|system message|developer message|prompt injection|jailbreak)\b/i,
  /\b(?:new|updated|real|actual|following|important)\b.{0,12}\binstructions?\b/i,
  /\bnote to (?:the )?(?:ai|assistant|model|llm|judge|analyst|reviewer|council|verifier)\b/i,
  /\b(?:mark|classify|label|report|treat|consider|flag|rate|score|answer|respond|reply|output|return|say|set|conclude|declare)\b.{0,50}\b(?:benign|false[ _-]?positive|harmless|normal|safe|not a threat|no threat|legitimate|innocent|threat_class|confidence|verdict)\b/i,
  /\b(?:false[_ -]positive|verdict|threat_?class)\b["' ]{0,3}[:=]/i,
  /\bfalse[_ -]positives?\b|\bverdicts?\b|\bacquit/i,
  /\b(?:close (?:this|the) case|case closed|no attack|no threat|not a threat)\b/i,
  /\b(?:this|these|the) (?:\w+ ){0,4}(?:is|are|was|were) (?:\w+ ){0,3}(?:benign|a false positive|false positives|harmless|an? (?:authori[sz]ed|approved|scheduled) (?:\w+ ){0,2}(?:test|scan|pentest|assessment))\b/i,
  /\b(?:authori[sz]ed|approved|sanctioned) (?:penetration|pentest|security|red[- ]team|vulnerability)\b/i,
  /<\|?\/?(?:im_start|im_end|system|assistant|user|endoftext|eot_id|start_header_id|evidence|instructions?|data|s)\|?>/i,
  /\[\/?(?:INST|SYSTEM|ASSISTANT|USER)\]/i,
  /<<\/?SYS>>|<{3,}|={4,} ?end|-{3,} ?end|#{2,} ?(?:system|instruction|response|assistant)|"""|```/i,
  /\b(?:system|assistant|developer|human|user)\s?:\s.{3,}/i,
  /\b(?:end of|stop reading|skip) (?:the )?(?:evidence|data|logs?|events?|input)\b/i,
  /\bdo not (?:flag|report|alert|block|mention|escalate|raise)\b/i,
]

/** Fields that are numbers, addresses or our own words: nobody speaks through them. */
const SILENT = new Set(['ts', 'src_ip', 'dst_ip', 'src_port', 'dst_port', 'event_type', 'bytes_out', 'bytes_in'])
const MOST_TEXT = 4_096
const MOST_WORDS = 80
const MOST_FOUND = 20

/** The places that speak to a model, at most 20. Linear in the text: every pattern has bounded gaps. */
export function findAddressedText(events: readonly PackEvent[]): AddressedText[] {
  const found: AddressedText[] = []
  for (const { n, event, original } of events) {
    const fields = eventFields(event).filter(({ field }) => !SILENT.has(field))
    const at = fields.flatMap(({ field, value }) => {
      const words = addressedWords(value)
      return words === null ? [] : [{ n, field, words }]
    })
    // Some of the line may be in no field at all.
    const inLine = at.length > 0 ? null : addressedWords(original)
    found.push(...at, ...(inLine === null ? [] : [{ n, field: 'line', words: inLine }]))
    if (found.length >= MOST_FOUND) return found.slice(0, MOST_FOUND)
  }
  return found
}

/** The words that give a text away; null when it does not speak to a model. */
export function addressedWords(text: string): string | null {
  if (text.length < 8) return null
  for (const reading of readings(text.slice(0, MOST_TEXT))) {
    for (const pattern of WORDS) {
      const match = pattern.exec(reading)
      if (match) return match[0].slice(0, MOST_WORDS)
    }
  }
  return null
}

/** A text as it stands and as it reads with its usual disguises taken off. */
function readings(text: string): string[] {
  const plain = text.normalize('NFKC').replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
  const decoded = percentDecoded(plain)
  const spaced = decoded.replace(/[+_\-.\\/,;|\s]+/g, ' ')
  return [...new Set([text, plain, decoded, spaced])]
}

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
