import { LogDamagedError, type Fault } from '../errors.ts'

const RESTORE = 'restore the log from a copy or import the recording again'
const REPAIR = '`devtrail repair` (repairFileLog) mends what needs no copy; for the rest'

export function damagedBlock(file: string, offset: number, fault: Fault, cause?: unknown): LogDamagedError {
  return new LogDamagedError(
    { file, line: null, offset, ...fault, todo: `the rest of the log can still be read; ${REPAIR}, ${RESTORE}` },
    { cause },
  )
}

export function damagedKeyframe(file: string, offset: number, fault: Fault, cause?: unknown): LogDamagedError {
  const todo = 'nothing is lost, for keyframes are made from the events; `devtrail repair` (repairFileLog) removes it'
  return new LogDamagedError({ file, line: null, offset, ...fault, todo }, { cause })
}

export function damagedFile(file: string, offset: number, fault: Fault, cause?: unknown): LogDamagedError {
  return new LogDamagedError({ file, line: null, offset, ...fault, todo: RESTORE }, { cause })
}
