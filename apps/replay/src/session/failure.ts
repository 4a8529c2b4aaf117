import { CommanderError } from 'commander'

/** The exit codes of docs/interfaces.md. */
export const exit = { fine: 0, no: 1, usage: 2, damaged: 3, notThere: 4, interrupted: 130 } as const
export type ExitCode = (typeof exit)[keyof typeof exit]

/** What each means, for help and the man page. */
export const exitDocs: readonly (readonly [ExitCode, string])[] = [
  [exit.fine, 'fine'],
  [exit.no, 'the answer is no (a certain violation, a difference, never true)'],
  [exit.usage, 'wrong usage'],
  [exit.damaged, 'damaged or unreadable input'],
  [exit.notThere, 'no such device, position or baseline'],
  [exit.interrupted, 'interrupted'],
]

/** Something to tell the user, with the exit code that goes with it. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: ExitCode

  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const ACCESS = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'EISDIR',
  'EIO',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOSPC',
  'EROFS',
  'EMFILE',
  'ENXIO',
  'EDQUOT',
  'EFBIG',
])

/** Of the errors that packages throw, by name: whoever has no use for a package loads nothing of it. */
const CODES: ReadonlyMap<string, ExitCode> = new Map([
  ['PositionSyntaxError', exit.usage],
  ['ExpressionError', exit.usage],
  ['NoSuchRuleError', exit.usage],
  ['NoSuchPositionError', exit.notThere],
  ['NoSuchDeviceError', exit.notThere],
  ['LogUsageError', exit.damaged],
  ['LogDamagedError', exit.damaged],
  ['RecordingError', exit.damaged],
  ['StreamError', exit.damaged],
  ['IomemSyntaxError', exit.damaged],
  ['BttError', exit.damaged],
  ['MediumError', exit.damaged],
  ['ImageInUseError', exit.no],
  ['ScenarioError', exit.damaged],
  ['AbortError', exit.interrupted],
  ['Interrupted', exit.interrupted],
])

/** The commonest errors of the system, for a person. */
const IN_WORDS: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['ENOTDIR', 'a part of that path is a file, not a folder'],
  ['EISDIR', 'that is a folder; name a file'],
  ['EACCES', 'this user may not (permission denied)'],
])

/** What a person is told of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, path } = error as NodeJS.ErrnoException
  const words = IN_WORDS.get(code)
  // Only of what the system itself said: our own errors have better words.
  return words === undefined || path === undefined || !error.message.startsWith(`${code}:`) ? error.message : `${path}: ${words} (${code})`
}

/** The exit code of whatever was thrown; null when nobody foresaw it. */
export function exitCodeOf(error: unknown): ExitCode | null {
  if (error instanceof Failure) return error.code
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.fine : exit.usage
  if (!(error instanceof Error)) return null
  const code = 'code' in error ? String(error.code) : ''
  if (error.name === 'LogUsageError' && code === 'exists') return exit.usage
  return CODES.get(error.name) ?? (ACCESS.has(code) ? exit.damaged : null)
}
