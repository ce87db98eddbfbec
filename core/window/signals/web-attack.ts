/**
 * Tokens of web attacks in a request's path and query: SQL injection, cross-site scripting, traversal, remote code,
 * template injection and probes for files that no page links to. Families follow the OWASP Core Rule Set's
 * (attack-sqli, -xss, -lfi, -rce, -generic); the patterns are ours. Each is linear: no nested repetition.
 */
const PATTERNS: readonly RegExp[] = [
  // SQL injection
  /\bunion\b[^a-z]{1,20}(all[^a-z]{1,20})?select\b/,
  /\bselect\b.{1,80}\bfrom\b/,
  /['")]\s?(or|and)\s?['"(]?\s?\w{1,20}['"]?\s?(=|like|<|>)/,
  /\b(sleep|benchmark|pg_sleep|waitfor delay|extractvalue|updatexml|load_file|xp_cmdshell)\b\s?\(?/,
  /\b(information_schema|sysobjects|sqlite_master|pg_catalog)\b/,
  /(;|')\s?(drop|insert|delete|update|exec|declare)\b/,
  /'\s?(--|#|\/\*)/,
  // Cross-site scripting
  /<\/?(script|svg|img|iframe|body|object|embed|math|details|video)\b/,
  /\bon(error|load|click|mouseover|focus|toggle|start)\s?=/,
  /javascript:|vbscript:|data:text\/html/,
  /\b(alert|prompt|confirm)\s?\(|document\.(cookie|domain|location)/,
  // Traversal and file inclusion
  /\.\.[/\\]/,
  /\/etc\/(passwd|shadow|hosts)|\bboot\.ini|win\.ini|\/proc\/self/,
  /=(https?|ftp|php|file|expect|phar|zip):\/\//,
  /php:\/\/(input|filter)/,
  // Command and template injection
  /[;|`]\s?(cat|id|ls|wget|curl|bash|sh|nc|ping|whoami|uname|powershell|cmd)\b/,
  /\$\(|\$\{(jndi|env|sys|lower|upper|::)/,
  /\{\{.{0,60}\}\}|<%=|#\{.{0,60}\}/,
  /\b(base64_decode|passthru|shell_exec|system|proc_open|popen|eval)\s?\(/,
  /\(\)\s?\{\s?:;?\s?\}/,
  /auto_prepend_file|allow_url_include|%add\+|class\.module\.classloader/,
  // Files and consoles that only a probe asks for
  /\/\.(env|git|svn|hg|aws|ssh|htaccess|htpasswd|ds_store)(\/|$|\?|\.)/,
  /\/(wp-config|wp-login|xmlrpc|phpinfo|phpmyadmin|adminer|eval-stdin|shell|c99|r57|webshell)\b/,
  /\/(cgi-bin|boaform|gponform|hnap1|setup\.cgi|solr\/admin|actuator|manager\/html|_ignition|owa\/auth|geoserver|vendor\/phpunit)/,
  /\.(bak|old|sql|swp|orig|inc|dump|tar\.gz|mdb)(\?|$)/,
]

const LONGEST = 2048

/** True when the path holds an attack's token, after up to two rounds of percent-decoding. */
export function isWebAttack(path: string): boolean {
  let text = path.slice(0, LONGEST)
  if (text.includes('%')) {
    text = percentDecoded(text)
    if (text.includes('%')) text = percentDecoded(text)
  }
  if (!SUSPECT.test(text)) return false
  const lower = text.toLowerCase().replaceAll('+', ' ')
  return PATTERNS.some((pattern) => pattern.test(lower))
}

/** Plain paths (the great majority) hold none of these and are let through by one pass. */
const SUSPECT =
  /['"<>;|`${}()\\]|\.\.|:\/\/|javascript:|\/\.|--|\.(bak|old|sql|swp|orig|inc|dump|tar|mdb)|select|wp-|xmlrpc|php|admin|shell|cgi|boaform|gpon|hnap|solr|actuator|manager|_ignition|owa|geoserver|etc\/|proc\/|boot\.ini|win\.ini|c99|r57|information_schema|sleep|benchmark|on\w+=/i

/** Percent-escapes of single bytes replaced; broken escapes stay as they are. */
export function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

const SCANNER_AGENTS =
  /nikto|sqlmap|nmap|masscan|zgrab|nuclei|acunetix|netsparker|wpscan|dirbuster|gobuster|ffuf|feroxbuster|wfuzz|arachni|w3af|havij|openvas|nessus|qualys|burp|zaproxy|owasp|jaeles|httpx|libredtail|zmeu|morfeus|jorgee|hydra|medusa|whatweb|skipfish|vega\/|commix|xsser|fimap|l9explore|censysinspect|expanse|internetmeasurement/i

/** True for a user agent that names a scanner or attack tool. */
export const isScannerAgent = (userAgent: string): boolean => SCANNER_AGENTS.test(userAgent.slice(0, 512))
