import { indicator, ja3Of, type ListFormat, shown, unreadable } from '../indicator.ts'

/**
 * JA3 fingerprints: MD5 in the first column, whatever follows is a remark (abuse.ch SSLBL "ja3_fingerprints.csv": md5,
 * first seen, last seen, reason; Slips: md5, level, description).
 */
export const ja3: ListFormat = {
  form: 'lines',
  reader: () => {
    let isFirst = true
    return (line) => {
      const text = line.trim()
      if (text === '' || text.startsWith('#')) return null
      const [field = ''] = text.split(/[,;\t]/)
      const fingerprint = ja3Of(field.trim().replace(/^"(.*)"$/, '$1'))
      const isHeading = isFirst && fingerprint === null
      isFirst = false
      if (isHeading) return null
      return fingerprint === null
        ? unreadable(`"${shown(field)}" is no JA3 fingerprint (32 hex digits)`)
        : indicator('ja3', fingerprint)
    }
  },
}
