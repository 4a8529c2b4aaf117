import type { FileHandle } from 'node:fs/promises'
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import type { AttachmentInfo, LogMeta, LogReader, ReadRange, TornTail } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { ATTACHMENT_BYTES_MAX } from '../limits.ts'
import { mustBeAttachmentName } from '../names.ts'
import { checkedRange } from '../sequence.ts'
import { attachmentPieces, findEntry, readEntries } from './attachments.ts'
import { EventDecoder } from './decoder.ts'
import { lineBatches } from './lines.ts'

/** What a reader starts from. */
export interface ReaderStart {
  readonly folder: string
  readonly vocabulary: Vocabulary
  readonly meta: LogMeta
  /** `events.ndjson`, open for reading. */
  readonly file: FileHandle
  readonly path: string
  /** Its size in bytes when it was opened; nothing after that is read. */
  readonly size: number
  readonly lastSeq: number
  readonly tornTail: TornTail | null
}

export class FileLogReader implements LogReader {
  readonly #start: ReaderStart
  #closed = false

  constructor(start: ReaderStart) {
    this.#start = start
  }

  get meta(): LogMeta {
    return this.#start.meta
  }

  get lastSeq(): number {
    return this.#start.lastSeq
  }

  get tornTail(): TornTail | null {
    return this.#start.tornTail
  }

  async *read(range: ReadRange = {}): AsyncIterable<AnyEvent> {
    const { from, to } = checkedRange(range.from, range.to)
    const { file, path, size, vocabulary } = this.#start
    const decoder = new EventDecoder(path, vocabulary, from, range.onDamage)
    const check = (): void => {
      range.signal?.throwIfAborted()
      this.#mustBeOpen()
    }
    check()
    for await (const batch of lineBatches(file, size)) {
      for (const line of batch) {
        check()
        const event = decoder.decode(line)
        if (decoder.lastSeq > to) return
        if (event !== null) yield event
        // Only the baseline has several events with one number.
        if (to > 0 && decoder.lastSeq === to) return
      }
    }
  }

  async attachments(): Promise<readonly AttachmentInfo[]> {
    this.#mustBeOpen()
    return (await readEntries(this.#start.folder)).map(({ name, bytes }) => ({ name, bytes }))
  }

  async attachment(name: string): Promise<Uint8Array> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    const entry = findEntry(await readEntries(this.#start.folder), name)
    if (entry.bytes > ATTACHMENT_BYTES_MAX) {
      throw new LogUsageError('bad-range', `attachment "${name}" has ${entry.bytes} bytes; read it with attachmentChunks()`)
    }
    const whole = new Uint8Array(entry.bytes)
    let at = 0
    for await (const piece of attachmentPieces(this.#start.folder, entry)) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }

  async *attachmentChunks(name: string): AsyncIterable<Uint8Array> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    yield* attachmentPieces(this.#start.folder, findEntry(await readEntries(this.#start.folder), name))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#start.file.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new LogUsageError('closed', 'this reader is closed; open another one')
  }
}
