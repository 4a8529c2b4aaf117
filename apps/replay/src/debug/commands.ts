import { exit, Failure } from '../session/failure.ts'
import { didYouMean } from '../session/suggest.ts'

/** What can be said to the debugger. */
export interface Command {
  readonly name: string
  readonly short?: string
  readonly takes?: string
  readonly says: string
}

export const commands: readonly Command[] = [
  { name: 'step', short: 's', takes: '[N]', says: 'one event forwards, or N' },
  { name: 'back', short: 'b', takes: '[N]', says: 'one event backwards, or N' },
  {
    name: 'next',
    short: 'n',
    takes: '[device D | type T | where EXPR]',
    says: 'the next event of a device (the chosen one), of a type, or like this; T alone will do',
  },
  { name: 'previous', short: 'p', takes: '[device D | type T | where EXPR]', says: 'the one before' },
  { name: 'goto', short: 'g', takes: 'P | MARK', says: 'to a position: 138, @261, 9.5s, start, end, or a mark' },
  { name: 'until', short: 'u', takes: 'EXPR', says: 'forwards to the event that makes an expression true' },
  { name: 'since', takes: 'EXPR', says: 'backwards to the event that made it true last' },
  { name: 'continue', short: 'c', says: 'forwards to a breakpoint or a change of what is watched' },
  { name: 'reverse', short: 'r', says: 'the same backwards' },
  { name: 'break', takes: 'EXPR | event EXPR', says: 'a breakpoint: where the state makes an expression true, or at events like this' },
  { name: 'watch', short: 'w', takes: 'EXPR', says: 'tell whenever its value is otherwise' },
  { name: 'delete', takes: 'N', says: 'take away a breakpoint or watch' },
  { name: 'fence', takes: '[P P | off]', says: 'no run goes past these positions' },
  { name: 'mark', takes: '[NAME]', says: 'name this place; alone: list the names, breakpoints and watches' },
  { name: 'device', short: 'd', takes: '[D | off]', says: 'what bare names are fields of' },
  { name: 'print', takes: 'EXPR', says: 'the value of an expression or path here' },
  { name: 'state', takes: '[D]', says: 'the state of the chosen device, of D, or of all' },
  { name: 'diff', takes: 'P | MARK', says: 'what is different between there and here' },
  { name: 'blame', takes: 'PATH', says: 'the event that gave a value' },
  { name: 'why', takes: '[SEQ]', says: 'what led to this event, or another' },
  { name: 'refs', says: 'references still out here' },
  { name: 'stuck', says: 'tasks inside calls here' },
  { name: 'list', short: 'l', takes: '[N]', says: 'the events around here' },
  { name: 'help', short: 'h', takes: '[COMMAND]', says: 'this' },
  { name: 'quit', short: 'q', says: 'leave' },
]

const begunBy = (word: string): readonly Command[] => (word === '' ? [] : commands.filter(({ name }) => name.startsWith(word)))

/** The command that a word names, in full, in short, or by a beginning that is of one alone. */
export function commandOf(word: string): Command | null {
  const begun = begunBy(word)
  return commands.find(({ name, short }) => name === word || short === word) ?? (begun.length === 1 ? begun[0]! : null)
}

/** As {@link commandOf}. @throws Failure where it names none, or may be several */
export function commandNamed(word: string): Command {
  const command = commandOf(word)
  if (command !== null) return command
  const begun = begunBy(word).map(({ name }) => name)
  if (begun.length > 1) throw new Failure(exit.usage, `"${word}" may be ${begun.slice(0, -1).join(', ')} or ${begun.at(-1)!}`)
  const meant = didYouMean(
    word,
    commands.map(({ name }) => name),
  )
  throw new Failure(exit.usage, `"${word}" is no command${meant}; help lists them`)
}
