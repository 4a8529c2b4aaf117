import { LogDamagedError } from '../errors.ts'
import type { Fault } from './line.ts'

const RESTORE = 'restore the log from a copy or import the recording again'

export function damagedEvent(file: string, line: number, offset: number, fault: Fault, cause?: unknown): LogDamagedError {
  return new LogDamagedError({ file, line, offset, ...fault, todo: `the rest of the log can still be read; ${RESTORE}` }, { cause })
}

export function damagedFile(file: string, offset: number, fault: Fault, cause?: unknown): LogDamagedError {
  return new LogDamagedError({ file, line: null, offset, ...fault, todo: RESTORE }, { cause })
}
