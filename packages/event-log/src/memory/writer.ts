/// <reference lib="esnext.disposable" preserve="true" />
import type { AnyEvent, EventRows } from '@devtrail/events'
import type { AckLevel, LogMeta, LogWriter, NewKeyframe } from '../contract.ts'
import { LogUsageError } from '../errors.ts'
import { keyframeExists, mustFit, noSuchKeyframe, takenKeyframe, withChanges } from '../keyframe.ts'
import { mustBeLevel } from '../levels.ts'
import { mustBeAttachmentName } from '../names.ts'
import { sequenceAfter } from '../sequence.ts'
import { ReadBack } from './encoded.ts'
import { closedError, type Held } from './held.ts'

async function gather(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of bytes) {
    parts.push(new Uint8Array(part))
    length += part.length
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export class MemoryWriter implements LogWriter {
  readonly cutTail = null
  readonly strongest = 'buffered'
  readonly #held: Held
  readonly #readBack: ReadBack
  #lastSeq: number
  #closed = false

  constructor(held: Held) {
    this.#held = held
    this.#readBack = new ReadBack(held.vocabulary)
    this.#lastSeq = held.events.at(-1)?.seq ?? 0
  }

  get meta(): LogMeta {
    return this.#held.meta
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  async append(events: readonly AnyEvent[]): Promise<AckLevel> {
    this.#take(events)
    return 'buffered'
  }

  take(event: AnyEvent): null {
    this.#take([event])
    return null
  }

  takeRows(rows: EventRows): null {
    for (const event of rows.events()) this.take(event)
    return null
  }

  #take(events: readonly AnyEvent[]): void {
    this.#mustBeOpen()
    const lastSeq = sequenceAfter(this.#lastSeq, events)
    for (const event of this.#readBack.take(events)) this.#held.events.push(event)
    this.#lastSeq = lastSeq
    for (const { ring } of this.#held.waiting) ring()
  }

  async flush(level: AckLevel): Promise<AckLevel> {
    this.#mustBeOpen()
    mustBeLevel(level)
    return 'buffered'
  }

  async attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<AckLevel> {
    this.#mustBeOpen()
    mustBeAttachmentName(name)
    const whole = await gather(bytes)
    if (this.#held.attachments.has(name)) throw new LogUsageError('exists', `the log already has an attachment "${name}"`)
    this.#held.attachments.set(name, whole)
    return 'buffered'
  }

  async keyframe(fold: string, keyframe: NewKeyframe): Promise<AckLevel> {
    this.#mustBeOpen()
    const { seq, since, changes } = takenKeyframe(fold, keyframe, this.#lastSeq)
    const held = this.#held.keyframes.get(fold) ?? new Map<number, ReadonlyMap<string, Uint8Array>>()
    if (held.has(seq)) throw keyframeExists(fold, seq)
    const base = since === null ? new Map<string, Uint8Array>() : held.get(since)
    if (base === undefined) throw noSuchKeyframe(fold, since!)
    const parts = withChanges(base, changes)
    mustFit(
      parts.size,
      parts.values().reduce((bytes, part) => bytes + part.length, 0),
    )
    this.#held.keyframes.set(fold, held.set(seq, parts))
    return 'buffered'
  }

  async close(): Promise<AckLevel> {
    if (!this.#closed) this.#held.writing = false
    this.#closed = true
    return 'buffered'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw closedError('writer')
  }
}
