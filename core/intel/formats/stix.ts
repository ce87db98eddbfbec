import { z } from 'zod'
import { hostIndicator, hostOfUrl, type ListFormat, type Reading, shown, unreadable } from '../indicator.ts'

/** STIX 2.1, section 4.7: an indicator object. Everything else of a bundle is passed over. */
const IndicatorObject = z.object({
  pattern: z.string(),
  pattern_type: z.string().default('stix'),
  valid_from: z.iso.datetime({ offset: true }),
  valid_until: z.iso.datetime({ offset: true }).optional(),
  confidence: z.number().optional(),
  revoked: z.boolean().default(false),
})

const Bundle = z.object({ type: z.literal('bundle'), objects: z.array(z.unknown()).default([]) })

/** One comparison of a pattern, as lists of indicators use them. */
const COMPARISON = /(ipv4-addr|ipv6-addr|domain-name|url):value\s*(=|ISSUBSET)\s*'((?:[^'\\]|\\.)*)'/g

/** A STIX 2.1 bundle: patterns that compare addresses, domains and URLs (of which the host is taken), joined by OR. */
export const stix: ListFormat = {
  form: 'document',
  read(document) {
    const bundle = Bundle.safeParse(document)
    if (!bundle.success) return 'is no STIX bundle (an object of type "bundle")'
    return bundle.data.objects.filter(isIndicator).flatMap(readIndicator)
  },
}

const isIndicator = (object: unknown): boolean => (object as { type?: unknown } | null)?.type === 'indicator'

function readIndicator(object: unknown): Reading[] {
  const id = shown(String((object as { id?: unknown }).id ?? 'an indicator'))
  const parsed = IndicatorObject.safeParse(object)
  if (!parsed.success)
    return [unreadable(`${id}: ${parsed.error.issues[0]!.path.join('.')} ${parsed.error.issues[0]!.message}`)]
  const { pattern, pattern_type, valid_from, valid_until, confidence = 100, revoked } = parsed.data
  if (revoked) return [null]
  if (pattern_type !== 'stix') return [unreadable(`${id}: a pattern of type ${shown(pattern_type)}`)]
  if (!(confidence >= 0 && confidence <= 100)) return [unreadable(`${id}: confidence ${confidence} is out of 0-100`)]
  // With AND or FOLLOWEDBY a comparison alone says less than the list means.
  const rest = pattern.replaceAll(COMPARISON, '')
  const comparisons = [...pattern.matchAll(COMPARISON)]
  if (comparisons.length === 0 || !/^(?:[\s[\]()]|OR)*$/.test(rest))
    return [unreadable(`${id}: the pattern ${shown(pattern)} is not one of addresses, domains and URLs joined by OR`)]
  const given = {
    score: confidence / 100,
    from: Date.parse(valid_from),
    until: valid_until === undefined ? null : Date.parse(valid_until),
  }
  return comparisons.map(([, type, , quoted = '']) => {
    const value = quoted.replaceAll(/\\(.)/g, '$1')
    const host = type === 'url' ? hostOfUrl(value) : value
    return host === null ? unreadable(`${id}: "${shown(value)}" is no URL`) : hostIndicator(host, given)
  })
}
