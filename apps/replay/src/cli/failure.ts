import { LogDamagedError, LogUsageError } from '@devtrail/event-log'
import { RecordingError } from '@devtrail/linux-trace'
import { BttError, MediumError } from '@devtrail/nvdimm-pmem/btt'
import { IomemSyntaxError } from '@devtrail/resource-tree'
import { ScenarioError } from '@devtrail/simulation'
import { ExpressionError, NoSuchDeviceError, NoSuchPositionError, NoSuchRuleError, PositionSyntaxError } from '@devtrail/time-travel'
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

/** The exit code of whatever was thrown; null when nobody foresaw it. */
export function exitCodeOf(error: unknown): ExitCode | null {
  if (error instanceof Failure) return error.code
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.fine : exit.usage
  if (error instanceof PositionSyntaxError || error instanceof ExpressionError || error instanceof NoSuchRuleError) return exit.usage
  if (error instanceof NoSuchPositionError || error instanceof NoSuchDeviceError) return exit.notThere
  if (error instanceof LogUsageError) return error.code === 'exists' ? exit.usage : exit.damaged
  // By name: whoever asks no server loads nothing of it.
  if (error instanceof Error && error.name === 'StreamError') return exit.damaged
  if (error instanceof RecordingError || error instanceof LogDamagedError || error instanceof IomemSyntaxError) return exit.damaged
  if (error instanceof BttError || error instanceof MediumError || error instanceof ScenarioError) return exit.damaged
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'Interrupted')) return exit.interrupted
  if (error instanceof Error && 'code' in error && ACCESS.has(String(error.code))) return exit.damaged
  return null
}
