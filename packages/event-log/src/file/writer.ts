import { rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import type { AckLevel, LogMeta, LogWriter, TornTail } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { IO_BYTES } from '../limits.ts'
import { mustBeAttachmentName } from '../names.ts'
import { sequenceAfter } from '../sequence.ts'
import { toStorable } from '../stored-event.ts'
import { readEntries, writeAttachment, writeEntries } from './attachments.ts'
import { errorCode, syncFolder, writeAll } from './disk.ts'
import { encodeLine } from './line.ts'
import type { Lock } from './lock.ts'

/** What a writer starts from. */
export interface WriterStart {
  /** The folder written to. */
  readonly folder: string
  /** The folder's final name when it is renamed on close, else null. */
  readonly publishAs: string | null
  readonly meta: LogMeta
  readonly vocabulary: Vocabulary
  readonly lock: Lock
  /** `events.ndjson`, open for writing. */
  readonly file: FileHandle
  /** Its size in bytes. */
  readonly position: number
  readonly lastSeq: number
  readonly cutTail: TornTail | null
}

/**
 * Writes one log folder. All I/O runs one after the other in `#work`, in call order. The first I/O error ends the
 * writer, an fsync error above all: after one nothing can be known about what was written before.
 */
export class FileLogWriter implements LogWriter {
  readonly #start: WriterStart
  #lastSeq: number
  #position: number
  #buffered: string[] = []
  #bufferedChars = 0
  #work: Promise<unknown> = Promise.resolve()
  readonly #attaching = new Map<string, Promise<void>>()
  #failure: { readonly error: unknown } | null = null
  #closing: Promise<AckLevel> | null = null

  constructor(start: WriterStart) {
    this.#start = start
    this.#lastSeq = start.lastSeq
    this.#position = start.position
  }

  get meta(): LogMeta {
    return this.#start.meta
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get cutTail(): TornTail | null {
    return this.#start.cutTail
  }

  async append(events: readonly AnyEvent[]): Promise<AckLevel> {
    this.#mustBeUsable()
    const { vocabulary } = this.#start
    const lastSeq = sequenceAfter(this.#lastSeq, events)
    const lines = events.map((event) => encodeLine(toStorable(vocabulary, event).json))
    for (const line of lines) {
      this.#buffered.push(line)
      this.#bufferedChars += line.length
    }
    this.#lastSeq = lastSeq
    if (this.#bufferedChars < IO_BYTES) return 'buffered'
    await this.#write()
    return this.#atMost('written')
  }

  async flush(level: AckLevel): Promise<AckLevel> {
    this.#mustBeUsable()
    if (level === 'buffered') return level
    await Promise.all(level === 'durable' ? [this.#write(), this.#sync()] : [this.#write()])
    return this.#atMost(level)
  }

  async attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<AckLevel> {
    this.#mustBeUsable()
    mustBeAttachmentName(name)
    if (this.#attaching.has(name)) throw nameTakenError(name)
    const attaching = this.#attach(name, bytes instanceof Uint8Array ? bytes.slice() : bytes)
    this.#attaching.set(name, attaching)
    try {
      await attaching
    } finally {
      this.#attaching.delete(name)
    }
    return this.#atMost('durable')
  }

  async close(): Promise<AckLevel> {
    return (this.#closing ??= this.#close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever closed it was told how that went; told again, `await using` would wrap the error into a SuppressedError.
    if (this.#closing !== null) await this.#closing.catch(() => {})
    else if (this.#start.publishAs === null) await this.close()
    else await (this.#closing = this.#discard())
  }

  /** Before it is published nobody finds the log, so nothing in it is acknowledged. */
  #atMost(level: AckLevel): AckLevel {
    return this.#start.publishAs === null ? level : 'buffered'
  }

  #mustBeUsable(): void {
    if (this.#closing !== null) throw new LogUsageError('closed', 'this writer is closed; open another one')
    this.#mustNotHaveFailed()
  }

  #mustNotHaveFailed(): void {
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Only the listing is queued: the source may come from whoever appends events meanwhile. */
  async #attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const { folder } = this.#start
    if ((await readEntries(folder)).some((e) => e.name === name)) throw nameTakenError(name)
    const entry = await writeAttachment(folder, name, bytes)
    await this.#queue(async () => {
      const entries = [...(await readEntries(folder)), entry]
      await writeEntries(
        folder,
        entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      )
    })
  }

  #queue<T>(job: () => Promise<T>): Promise<T> {
    const run = this.#work.then(() => {
      this.#mustNotHaveFailed()
      return job()
    })
    this.#work = run.catch(() => {})
    return run
  }

  /** Does I/O on the events; its failure is the writer's. */
  #io(job: () => Promise<void>): Promise<void> {
    return this.#queue(async () => {
      try {
        await job()
      } catch (error) {
        this.#failure ??= { error }
        throw error
      }
    })
  }

  /** Hands everything buffered over to the system. */
  #write(): Promise<void> {
    const lines = this.#buffered
    this.#buffered = []
    this.#bufferedChars = 0
    return this.#io(async () => {
      for (let next = 0; next < lines.length;) {
        const first = next
        for (let chars = 0; next < lines.length && chars < IO_BYTES; next++) chars += lines[next]!.length
        this.#position = await writeAll(this.#start.file, Buffer.from(lines.slice(first, next).join('')), this.#position)
      }
    })
  }

  #sync(): Promise<void> {
    return this.#io(() => this.#start.file.datasync())
  }

  async #close(): Promise<AckLevel> {
    const { folder, publishAs, lock } = this.#start
    try {
      await Promise.all([this.#write(), this.#sync()])
      await Promise.allSettled(this.#attaching.values())
    } catch (error) {
      await this.#discard()
      throw error
    }
    await this.#start.file.close()
    if (publishAs !== null) await publish(folder, publishAs)
    await lock.release(publishAs ?? folder)
    return 'durable'
  }

  /** Lets go of everything; what was to be published is removed. */
  async #discard(): Promise<AckLevel> {
    const { folder, publishAs, lock } = this.#start
    await Promise.allSettled(this.#attaching.values())
    await this.#work
    await this.#start.file.close()
    await lock.release(folder)
    if (publishAs !== null) await rm(folder, { recursive: true, force: true })
    return 'buffered'
  }
}

function nameTakenError(name: string): LogUsageError {
  return new LogUsageError('exists', `the log already has an attachment "${name}"`)
}

/** Gives a finished folder its final name. @throws LogUsageError `exists` when something took the name meanwhile. */
async function publish(folder: string, publishAs: string): Promise<void> {
  try {
    await rename(folder, publishAs)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error
    throw new LogUsageError('exists', `${publishAs} came into being while the log for it was written; nothing was replaced`, {
      cause: error,
    })
  }
  await syncFolder(dirname(publishAs))
}
