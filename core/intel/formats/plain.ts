import { domainOf, hostIndicator, indicator, type ListFormat } from '../indicator.ts'

/**
 * A plain list: an address, CIDR or domain a line, whatever follows it is a remark (Spamhaus DROP, FireHOL, Tor's exit
 * list, blocklist.de). `#`, `;` and `//` begin comments. A hosts file (`0.0.0.0 domain`) lists its domains.
 */
export const plain: ListFormat = {
  form: 'lines',
  reader: () => (line) => {
    const text = line.replace(/(^|\s)(#|;|\/\/).*$/, '').trim()
    if (text === '') return null
    const [subject = '', second = ''] = text.split(/[\s,;]+/)
    if (subject === '0.0.0.0' || subject === '127.0.0.1') {
      const blocked = domainOf(second)
      if (blocked !== null) return indicator('domain', blocked)
    }
    return hostIndicator(subject)
  },
}
