/**
 * Shannon entropy, bits per character, of the longest label of a domain name: generated names read 3.5 and over,
 * words 2.5-3.2. 0 for a name without labels. Looks at the first 253 characters (RFC 1035's limit).
 */
export function labelEntropy(name: string): number {
  let longest = ''
  for (const label of name.slice(0, 253).toLowerCase().split('.')) if (label.length > longest.length) longest = label
  if (longest.length === 0) return 0
  counts.fill(0)
  for (let i = 0; i < longest.length; i++) counts[longest.charCodeAt(i) & 127]!++
  let sum = 0
  for (let i = 0; i < 128; i++) if (counts[i]! > 0) sum += counts[i]! * Math.log2(counts[i]!)
  return Math.log2(longest.length) - sum / longest.length
}

const counts = new Uint16Array(128)
