import { spawnSync } from 'node:child_process'

/** Runs a command to its end and gives what it wrote to stdout. Throws with all it said when it fails. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status === 0) return stdout
  throw new Error(
    `${command} ${args.join(' ')} ended with ${status ?? signal}:\n${[error?.message, stdout, stderr].filter(Boolean).join('\n')}`,
  )
}
