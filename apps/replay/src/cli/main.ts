import { CommanderError } from 'commander'
import { styleOf } from '../print/style.ts'
import { withoutSecrets } from '../session/secrets.ts'
import { visible } from '../print/text.ts'
import { commandsFor } from './commands.ts'
import { exit, exitCodeOf, messageOf } from '../session/failure.ts'
import { Interrupt } from '../session/interrupt.ts'
import { programOf } from './program.ts'
import { quietOnClosedPipe } from '../session/session.ts'

/** Runs the command; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = exit.fine
  quietOnClosedPipe(() => code)
  const interrupt = new Interrupt()
  // Whoever ends a service sends SIGTERM; SIGHUP is left alone, for nohup has it ignored.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.hit())
  const colour = !args.includes('--no-color')
  const program = programOf(
    await commandsFor(args),
    interrupt,
    (c) => {
      code = c
    },
    colour,
  )
  try {
    await program.parseAsync(args, { from: 'user' })
    return interrupt.signal.aborted ? exit.interrupted : code
  } catch (error) {
    return interrupt.signal.aborted ? exit.interrupted : report(error, colour)
  } finally {
    process.stdin.destroy()
  }
}

function report(error: unknown, colour: boolean): number {
  const code = exitCodeOf(error)
  if (error instanceof CommanderError) return code ?? exit.usage
  const style = styleOf(process.stderr, process.env, colour)
  const message = withoutSecrets(messageOf(error)).split('\n').map(visible).join('\n')
  if (code === exit.interrupted) return code
  if (code !== null) {
    process.stderr.write(`${style.bad('devtrail:')} ${message}\n`)
    return code
  }
  process.stderr.write(`${style.bad('devtrail:')} this should not have happened: ${message}\n`)
  if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${style.dim(withoutSecrets(error.stack))}\n`)
  return exit.damaged
}
