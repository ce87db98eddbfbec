import { C } from '../window/counters.ts'
import { featureGroup, ratio, when } from './feature.ts'

const COUNT: [number, number] = [0, Number.POSITIVE_INFINITY]
const NO_COMMAND = 'no command was seen'

/** What was done after a log-in. */
export const commands = featureGroup('commands', {
  commands: {
    definition: 'Commands run.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event is part of a shell session',
    of: ({ sum: { counters: n } }) => when(n[C.shellSeen]! || n[C.commands]!, n[C.commands]!),
  },
  distinct_commands: {
    definition: 'Distinct commands run.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: NO_COMMAND,
    of: ({ sum }) => sum.commands?.distinct() ?? Number.NaN,
  },
  recon_command_share: {
    definition: 'Share of commands that look around (uname, id, ps, /etc/passwd, …).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_COMMAND,
    of: ({ sum: { counters: n } }) => ratio(n[C.reconCommands]!, n[C.commands]!),
  },
  download_execute_share: {
    definition: 'Share of commands that fetch or start a program (wget, curl, chmod +x, ./x, …).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_COMMAND,
    of: ({ sum: { counters: n } }) => ratio(n[C.downloadExecute]!, n[C.commands]!),
  },
  persistence_share: {
    definition: 'Share of commands that stay (authorized_keys, crontab, useradd, …).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_COMMAND,
    of: ({ sum: { counters: n } }) => ratio(n[C.persistence]!, n[C.commands]!),
  },
  file_transfers: {
    definition: 'Files fetched or dropped.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event is part of a shell session or a file transfer',
    of: ({ sum: { counters: n } }) => when(n[C.shellSeen]! || n[C.fileTransfers]!, n[C.fileTransfers]!),
  },
})
