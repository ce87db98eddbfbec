/** What a shell command is for; one command may be several. Word boundaries matter: "nc" must not match "sync". */
const RECON =
  /(^|[\s;|&(])(uname|whoami|id|w|who|last|ifconfig|ip\s+a|ip\s+r|netstat|ss|arp|route|lscpu|nproc|free|df|ps|top|uptime|hostname|lspci|dmidecode|systeminfo|tasklist|ipconfig|net\s+(user|group|view|localgroup|share)|nltest|quser|getent|history|crontab\s+-l)(\s|$|;|\|)|\/proc\/(cpuinfo|meminfo|mounts|version)|\/etc\/(passwd|shadow|issue|os-release)/
const DOWNLOAD = /(^|[\s;|&(])(wget|curl|tftp|ftpget|lwp-download|scp|certutil|bitsadmin|invoke-webrequest|iwr)\s/
const EXECUTE =
  /chmod\s+(\+x|[0-7]{3,4})|(^|[\s;|&])(sh|bash|ash|dash|perl|python\d?|php)\s+\S*(\/tmp|\/var|\/dev|\.sh|-c|-e)|\.\/\S+|\|\s*(ba|a|da)?sh\b|nohup\s/
const PERSISTENCE =
  /authorized_keys|crontab\s+(-|[^-\s])|\/etc\/(cron|rc\.local|init\.d|systemd)|(^|[\s;|&])(useradd|adduser|usermod|chpasswd|passwd|chattr|systemctl\s+enable|schtasks|reg\s+add)(\s|$)/

const LONGEST = 4096

export interface CommandSignals {
  recon: boolean
  downloadExecute: boolean
  persistence: boolean
}

/** Looks at the first 4096 characters of a command line. */
export function commandSignals(command: string): CommandSignals {
  const text = command.slice(0, LONGEST).toLowerCase()
  return {
    recon: RECON.test(text),
    downloadExecute: DOWNLOAD.test(text) || EXECUTE.test(text),
    persistence: PERSISTENCE.test(text),
  }
}
