/** The end of an events file, found from behind: what the newest event is, and whether the last write was torn. */
import type { FileHandle } from 'node:fs/promises'
import type { TornTail } from '../contract.ts'
import { LogDamagedError } from '../errors.ts'
import { EVENT_BYTES_MAX } from '../limits.ts'
import { damagedEvent } from './damage.ts'
import { readFull } from './disk.ts'
import { NEWLINE, checkLine, faultOfTail, isFault, type Fault } from './line.ts'
import { lineNumberAt } from './lines.ts'

export interface LogEnd {
  /** `seq` of the last line that is whole; 0 when there is none. */
  readonly lastSeq: number
  readonly tornTail: TornTail | null
  /** Bytes up to and including the last newline. */
  readonly wholeBytes: number
  /** What is wrong with the last line, or null. */
  readonly damage: LogDamagedError | null
}

const STEP_BYTES = 64 * 1024

/** Where the line that ends before byte `end` starts; null when it is longer than a line may be. */
async function startOfLine(file: FileHandle, end: number): Promise<number | null> {
  const step = Buffer.allocUnsafe(Math.min(STEP_BYTES, Math.max(end, 1)))
  for (let upTo = end; upTo > 0;) {
    const from = Math.max(0, upTo - step.length)
    const read = await readFull(file, step.subarray(0, upTo - from), from)
    const at = step.subarray(0, read).lastIndexOf(NEWLINE)
    if (at >= 0) return end - (from + at + 1) > EVENT_BYTES_MAX ? null : from + at + 1
    upTo = from
    if (end - upTo > EVENT_BYTES_MAX) return null
  }
  return 0
}

async function bytesOf(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start)
  return bytes.subarray(0, await readFull(file, bytes, start))
}

/**
 * Looks at the end of an events file of `size` bytes. Goes back over damaged lines to the last whole one.
 * @throws LogDamagedError when a line there is longer than EVENT_BYTES_MAX.
 */
export async function findEnd(file: FileHandle, path: string, size: number): Promise<LogEnd> {
  const damaged = async (fault: Fault, offset: number): Promise<LogDamagedError> =>
    damagedEvent(path, await lineNumberAt(file, offset), offset, fault)
  const lineStart = async (end: number): Promise<number> => {
    const start = await startOfLine(file, end)
    if (start !== null) return start
    const offset = Math.max(0, end - EVENT_BYTES_MAX)
    throw await damaged({ expected: `a newline within ${EVENT_BYTES_MAX} bytes`, found: 'none' }, offset)
  }

  const wholeBytes = await lineStart(size)
  const tail = await bytesOf(file, wholeBytes, size)
  const tailFault = faultOfTail(tail)
  let damage = tailFault === null ? null : await damaged(tailFault, wholeBytes)
  let lastSeq = 0
  for (let end = wholeBytes; end > 0;) {
    const start = await lineStart(end - 1)
    const checked = checkLine(await bytesOf(file, start, end - 1))
    if (!isFault(checked)) {
      lastSeq = checked.seq
      break
    }
    damage ??= await damaged(checked, start)
    end = start
  }
  const tornTail = tail.length > 0 && tailFault === null ? { bytes: tail.length, afterSeq: lastSeq } : null
  return { lastSeq, tornTail, wholeBytes, damage }
}
