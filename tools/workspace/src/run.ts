import { spawnSync } from 'node:child_process'

/** Where a command is run, and what it sees. */
export interface Place {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** It sees `env` alone, and nothing of what this process sees. */
  readonly isBare?: boolean
}

export interface Said {
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end and gives what it said. Throws with all of that when it fails. */
export function ran(command: string, args: readonly string[], { cwd, env = {}, isBare = false }: Place): Said {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: isBare ? env : { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status === 0) return { stdout, stderr }
  const said = [error?.message, stdout, stderr].filter(Boolean).join('\n')
  throw new Error(`${command} ${args.join(' ')} (in ${cwd}) ended with ${status ?? signal}:\n${said}`)
}

/** {@link ran}, of which only stdout matters. */
export const run = (command: string, args: readonly string[], place: Place): string => ran(command, args, place).stdout
