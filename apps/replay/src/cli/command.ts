import type { Command } from 'commander'
import { mustBeWrittenHere } from '../fleet/address.ts'
import type { ExitCode } from '../session/failure.ts'
import type { Interrupt } from '../session/interrupt.ts'
import { Session, type GlobalOptions } from '../session/session.ts'

/** What a command does: prints through the session and says how it went. */
export type Work<O> = (session: Session, argument: string, options: O) => Promise<ExitCode>

/** What every command file gets to hang its command into. */
export interface Cli {
  readonly program: Command
  /** Makes a commander action of work on one argument. */
  readonly run: <O extends object>(work: Work<O>) => (argument: string, options: O, command: Command) => Promise<void>
  /** The same for a command with two arguments. */
  readonly run2: <O extends object>(
    work: (session: Session, first: string, second: string, options: O) => Promise<ExitCode>,
  ) => (first: string, second: string, options: O, command: Command) => Promise<void>
  /** The same for a command with any number of arguments. */
  readonly runSeveral: <O extends object>(
    work: (session: Session, all: readonly string[], options: O) => Promise<ExitCode>,
  ) => (all: readonly string[], options: O, command: Command) => Promise<void>
  /** The same for a command whose argument may be left out. */
  readonly runMaybe: <O extends object>(
    work: (session: Session, argument: string | undefined, options: O) => Promise<ExitCode>,
  ) => (argument: string | undefined, options: O, command: Command) => Promise<void>
  /** The same for a command without arguments. */
  readonly runAlone: <O extends object>(
    work: (session: Session, options: O) => Promise<ExitCode>,
  ) => (options: O, command: Command) => Promise<void>
}

export function cliOf(program: Command, interrupt: Interrupt, answer: (code: ExitCode) => void): Cli {
  const within = async (command: Command, work: (session: Session) => Promise<ExitCode>): Promise<void> => {
    const { output } = command.opts<{ readonly output?: unknown }>()
    if (typeof output === 'string') mustBeWrittenHere(output)
    const session = new Session(command.optsWithGlobals<GlobalOptions>(), interrupt, answer)
    try {
      answer(await Promise.race([work(session), session.failed]))
      await session.flush()
    } finally {
      await session.close()
    }
  }
  return {
    program,
    run: (work) => (argument, options, command) => within(command, (session) => work(session, argument, options)),
    run2: (work) => (first, second, options, command) => within(command, (session) => work(session, first, second, options)),
    runSeveral: (work) => (all, options, command) => within(command, (session) => work(session, all, options)),
    runMaybe: (work) => (argument, options, command) => within(command, (session) => work(session, argument, options)),
    runAlone: (work) => (options, command) => within(command, (session) => work(session, options)),
  }
}

/** `Examples:` below a command's help. */
export function examples(...lines: readonly (readonly [command: string, says: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  return `\nExamples:\n${lines.map(([command, says]) => `  $ ${command.padEnd(width)}  ${says}`.trimEnd()).join('\n')}`
}

export const LOG = 'a log folder, a recording (folder or trace file), - for a trace on stdin, or nats://SERVER/STREAM/HOST'
export const AT = 'position: 138 (event), @261 (entry), 9.588325s (time), start or end'
