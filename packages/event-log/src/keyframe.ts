import type { NewKeyframe } from './contract.ts'
import { LogUsageError } from './errors.ts'
import { KEYFRAME_BYTES_MAX, KEYFRAME_PARTS_MAX, PART_BYTES_MAX, PART_NAME_CHARS_MAX } from './limits.ts'
import { mustBeAttachmentName } from './names.ts'

const NAME = /^[\x20-\x7e]+$/

/** Whether it may name a part. Such a name never becomes a path. */
export function isPartName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= PART_NAME_CHARS_MAX && NAME.test(name)
}

/** @throws LogUsageError `bad-name`. */
export function mustBeFoldName(fold: unknown): asserts fold is string {
  mustBeAttachmentName(fold, 'a fold')
}

function refuse(what: string): never {
  throw new LogUsageError('bad-keyframe', `a keyframe ${what}`)
}

/** A keyframe that was taken: nothing of it changes any more. */
export interface TakenKeyframe {
  readonly fold: string
  readonly seq: number
  readonly since: number | null
  /** What is new, and as null what is gone. */
  readonly changes: ReadonlyMap<string, Uint8Array | null>
}

/** @throws LogUsageError `bad-name`, `bad-range`, `bad-keyframe`. */
export function takenKeyframe(fold: string, keyframe: NewKeyframe, lastSeq: number): TakenKeyframe {
  mustBeFoldName(fold)
  const { at: seq = lastSeq, since, parts } = keyframe
  if (!Number.isSafeInteger(seq) || seq < 1 || seq > lastSeq) {
    throw new LogUsageError('bad-range', `a keyframe is at a seq from 1 to the log's last, ${lastSeq}; found ${String(seq)}`)
  }
  if (since !== null && !(Number.isSafeInteger(since) && since >= 1 && since < seq)) {
    throw new LogUsageError('bad-range', `a keyframe at seq ${seq} has the changes since an earlier one, or null; found ${String(since)}`)
  }
  const given = checkedParts(parts)
  return { fold, seq, since, changes: new Map(given.entries().map(([name, bytes]) => [name, bytes && new Uint8Array(bytes)])) }
}

function checkedParts(parts: NewKeyframe['parts']): Map<string, Uint8Array | null> {
  const given = new Map<string, Uint8Array | null>()
  let [count, bytes] = [0, 0]
  for (const [name, part] of parts) {
    if (!isPartName(name)) {
      const found = typeof name === 'string' ? JSON.stringify((name as string).slice(0, PART_NAME_CHARS_MAX)) : `a ${typeof name}`
      refuse(`names its parts with 1 to ${PART_NAME_CHARS_MAX} characters from blank to ~; found ${found}`)
    }
    if (given.has(name)) refuse(`has each part once; found "${name}" twice`)
    if (part !== null) {
      if (!(part instanceof Uint8Array)) refuse(`has bytes as parts; found a ${typeof part} as "${name}"`)
      if (part.length > PART_BYTES_MAX) refuse(`has parts of at most ${PART_BYTES_MAX} bytes; "${name}" has ${part.length}`)
      mustFit(++count, (bytes += part.length))
    } else if (given.size - count >= KEYFRAME_PARTS_MAX) refuse(`removes at most ${KEYFRAME_PARTS_MAX} parts`)
    given.set(name, part)
  }
  return given
}

/** @throws LogUsageError `bad-keyframe`. */
export function mustFit(parts: number, bytes: number): void {
  if (parts > KEYFRAME_PARTS_MAX) refuse(`has at most ${KEYFRAME_PARTS_MAX} parts`)
  if (bytes > KEYFRAME_BYTES_MAX) refuse(`has at most ${KEYFRAME_BYTES_MAX} bytes`)
}

/** The parts of a keyframe with the changes made to it. */
export function withChanges<T>(parts: Iterable<readonly [string, T]>, changes: Iterable<readonly [string, T | null]>): Map<string, T> {
  const all = new Map(parts)
  for (const [name, part] of changes) {
    if (part === null) all.delete(name)
    else all.set(name, part)
  }
  return all
}

export function keyframeExists(fold: string, seq: number): LogUsageError {
  return new LogUsageError('exists', `the log already has a keyframe of ${fold} at seq ${seq}`)
}

export function noSuchKeyframe(fold: string, seq: number): LogUsageError {
  return new LogUsageError(
    'not-found',
    `the log has no keyframe of ${fold} at seq ${seq} that there could be changes since; hand in all parts`,
  )
}

/** @throws LogUsageError `bad-range`. */
export function mustBePosition(atOrBefore: number): void {
  if (atOrBefore === Infinity || (Number.isSafeInteger(atOrBefore) && atOrBefore >= 0)) return
  throw new LogUsageError(
    'bad-range',
    `a keyframe is looked for at or before a seq, a whole number, 0 or more; found ${String(atOrBefore)}`,
  )
}
