/** The lines of a file, streamed: one piece of the file and one line are held at a time, never more. */
import type { FileHandle } from 'node:fs/promises'
import { EVENT_BYTES_MAX, IO_BYTES } from '../limits.ts'
import { readFull } from './disk.ts'
import { NEWLINE } from './line.ts'

export interface Line {
  /** Without the newline; empty when the line is too long. Valid until the next batch is asked for. */
  readonly bytes: Buffer
  /** From 1. */
  readonly number: number
  /** Byte at which the line starts. */
  readonly offset: number
  readonly length: number
  /** False for what follows the last newline. */
  readonly ended: boolean
}

/** A line's beginning, seen in the pieces read so far. */
class Carry {
  #parts: Buffer[] = []
  length = 0

  add(bytes: Buffer): void {
    this.length += bytes.length
    if (this.length > EVENT_BYTES_MAX) this.#parts = []
    else this.#parts.push(Buffer.from(bytes))
  }

  /** The whole line; empty when it is too long. */
  take(rest: Buffer): Buffer {
    const tooLong = this.length + rest.length > EVENT_BYTES_MAX
    const whole = tooLong ? rest.subarray(0, 0) : this.length === 0 ? rest : Buffer.concat([...this.#parts, rest])
    this.#parts = []
    this.length = 0
    return whole
  }
}

/** The lines of the first `end` bytes, in batches as they are read. */
export async function* lineBatches(file: FileHandle, end: number): AsyncGenerator<Line[]> {
  const piece = Buffer.allocUnsafe(Math.min(IO_BYTES, Math.max(end, 1)))
  const carry = new Carry()
  let number = 1
  let offset = 0
  for (let position = 0; position < end;) {
    const read = await readFull(file, piece.subarray(0, Math.min(piece.length, end - position)), position)
    if (read === 0) break
    const batch: Line[] = []
    let start = 0
    for (let at = piece.indexOf(NEWLINE); at >= 0 && at < read; at = piece.indexOf(NEWLINE, start)) {
      const rest = piece.subarray(start, at)
      const length = carry.length + rest.length
      batch.push({ bytes: carry.take(rest), number, offset, length, ended: true })
      number++
      offset += length + 1
      start = at + 1
    }
    carry.add(piece.subarray(start, read))
    position += read
    if (batch.length > 0) yield batch
  }
  if (carry.length > 0) {
    const { length } = carry
    yield [{ bytes: carry.take(piece.subarray(0, 0)), number, offset, length, ended: false }]
  }
}

/** The number of the line that starts at byte `offset`. */
export async function lineNumberAt(file: FileHandle, offset: number): Promise<number> {
  let number = 1
  const piece = Buffer.allocUnsafe(IO_BYTES)
  for (let position = 0; position < offset;) {
    const read = await readFull(file, piece.subarray(0, Math.min(piece.length, offset - position)), position)
    if (read === 0) break
    for (let at = piece.indexOf(NEWLINE); at >= 0 && at < read; at = piece.indexOf(NEWLINE, at + 1)) number++
    position += read
  }
  return number
}
