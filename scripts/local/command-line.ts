/** Runs a command's main function: its number is the exit code; an error is told in one line, with its cause. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.stderr.write(`picket: ${reasonOf(error)}\n`)
    if (process.env.PICKET_DEBUG) process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`)
    process.exitCode = 1
  }
  // A timer or a socket that is still open must not keep a finished command alive.
  process.exit()
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${reasonOf(error.cause)})` : error.message
}

/** True when the arguments ask for help; prints it. */
export function askedForHelp(args: string[], help: string): boolean {
  if (!args.some((arg) => arg === '--help' || arg === '-h')) return false
  process.stdout.write(help)
  return true
}
