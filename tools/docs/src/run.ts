import { spawnSync } from 'node:child_process'

/** Runs a command to its end and gives all it said. Throws with that when it fails. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 })
  const said = [error?.message, stdout, stderr].filter(Boolean).join('\n')
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}:\n${said}`)
  return said
}
