import { spawnSync } from 'node:child_process'

/** Where a command is run, and what it sees. */
export interface Place {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** It sees `env` alone, and nothing of what this process sees. */
  readonly isBare?: boolean
}

/** Runs a command to its end and gives what it wrote to stdout. Throws with all it said when it fails. */
export function run(command: string, args: readonly string[], { cwd, env = {}, isBare = false }: Place): string {
  const ran = spawnSync(command, args, { cwd, env: isBare ? env : { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (ran.status === 0) return ran.stdout
  const said = [ran.error?.message, ran.stdout, ran.stderr].filter(Boolean).join('\n')
  throw new Error(`${command} ${args.join(' ')} (in ${cwd}) ended with ${ran.status ?? ran.signal}:\n${said}`)
}
