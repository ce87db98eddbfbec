import { hostIndicator, type ListFormat, type Scale, shown, unreadable } from '../indicator.ts'

/** Slips names its threat levels so and takes them as these values (Slips documentation, "Threat levels"). */
const LEVELS: Record<string, number> = { info: 0, low: 0.2, medium: 0.5, high: 0.8, critical: 1 }
/** More lists than anybody merges. */
const MOST_LISTS = 100

/**
 * Subject and score, divided by tab, comma or semicolon: the form of ipsum (address TAB number of lists that hold it), and
 * of lists with a probability, a percentage or a threat level in the second column. Further columns are remarks.
 */
export const csv: ListFormat = {
  form: 'lines',
  reader: (scale) => {
    let isFirst = true
    return (line) => {
      const text = line.trim()
      if (text === '' || text.startsWith('#') || text.startsWith(';')) return null
      const [subject = '', score = ''] = text
        .split(/\s*[\t,;]\s*/)
        .map((field) => field.replace(/^"(.*)"$/, '$1').trim())
      const read = hostIndicator(subject)
      const isHeading = isFirst && read?.tag === 'unreadable'
      isFirst = false
      if (isHeading) return null
      if (read?.tag !== 'indicator') return read
      const value = scoreOf(score, scale)
      if (value === null) return unreadable(`"${shown(score)}" of ${shown(subject)} is no score on the scale ${scale}`)
      return { ...read, score: value }
    }
  },
}

/** 0-1; null for what does not lie on the scale. By count: each list that agrees halves the doubt. */
function scoreOf(text: string, scale: Scale): number | null {
  const level = LEVELS[text.toLowerCase()]
  if (level !== undefined) return level
  const value = Number(text)
  if (text === '' || !(value >= 0)) return null
  if (scale === '0-1') return value <= 1 ? value : null
  if (scale === '0-100') return value <= 100 ? value / 100 : null
  return Number.isInteger(value) && value <= MOST_LISTS ? 1 - 0.5 ** value : null
}
