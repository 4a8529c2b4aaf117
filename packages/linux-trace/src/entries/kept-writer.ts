import type { Actor } from '@devtrail/events'
import type { TraceEntry } from '../text/entry.ts'
import {
  CONTEXT,
  ENTRY,
  FORMAT,
  HEAD_BYTES,
  RECORD,
  RECORD_HEAD_BYTES,
  TASK,
  TEXT,
  fieldsOf,
  type KeptEntry,
  type KeptFormat,
} from './kept.ts'

const BYTES = 1 << 16
const encoder = new TextEncoder()

/** Gathers entries without effect; `KeptReader` reads them. */
export class KeptWriter {
  #bytes = new Uint8Array(BYTES)
  #view = new DataView(this.#bytes.buffer)
  length = 0

  /** A line of a text trace. */
  text(entry: number, bytes: Uint8Array, from: number, to: number): void {
    const at = this.#item(TEXT, HEAD_BYTES, entry, to - from)
    this.#bytes.set(bytes.subarray(from, to), at)
  }

  entry(entry: TraceEntry): void {
    this.#json(ENTRY, entry.number, fieldsOf(entry))
  }

  /** What a `KeptReader` read. */
  again({ entry, ...fields }: KeptEntry): void {
    this.#json(ENTRY, entry, fields)
  }

  /** The bytes of a record, which begin at `start`. */
  record(
    entry: number,
    time: number,
    cpu: number,
    task: number,
    context: number,
    format: number,
    source: DataView,
    start: number,
    length: number,
  ): void {
    let at = this.#item(RECORD, RECORD_HEAD_BYTES, entry, length)
    const view = this.#view
    view.setUint32(at - 24, time, true)
    view.setUint32(at - 20, Math.floor(time / 2 ** 32), true)
    view.setUint32(at - 16, task, true)
    view.setUint32(at - 12, context, true)
    view.setUint32(at - 8, cpu, true)
    view.setUint32(at - 4, format, true)
    let from = start
    const end = start + length
    for (; from + 4 <= end; from += 4, at += 4) view.setUint32(at, source.getUint32(from, true), true)
    for (; from < end; from++, at++) view.setUint8(at, source.getUint8(from))
  }

  task(number: number, task: Actor): void {
    this.#json(TASK, number, task)
  }

  context(number: number, context: string): void {
    this.#json(CONTEXT, number, context)
  }

  format(number: number, format: KeptFormat): void {
    this.#json(FORMAT, number, format)
  }

  #json(kind: number, number: number, value: unknown): void {
    const bytes = encoder.encode(JSON.stringify(value))
    const at = this.#item(kind, HEAD_BYTES, number, bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Makes room for an item and writes its head. @returns where its own bytes begin. */
  #item(kind: number, head: number, number: number, length: number): number {
    const at = this.length
    const end = at + head + ((length + 3) & ~3)
    if (end > this.#bytes.length) this.#grow(end)
    const view = this.#view
    view.setUint32(at, kind | (length << 3), true)
    view.setUint32(at + 4, number, true)
    view.setUint32(at + 8, Math.floor(number / 2 ** 32), true)
    // What pads it: the bytes are used again.
    if (end > at + head) view.setUint32(end - 4, 0, true)
    this.length = end
    return at + head
  }

  #grow(bytes: number): void {
    const more = new Uint8Array(Math.max(this.#bytes.length * 2, bytes))
    more.set(this.#bytes.subarray(0, this.length))
    this.#bytes = more
    this.#view = new DataView(more.buffer)
  }

  /** What was gathered; starts anew. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length)
    this.length = 0
    return bytes
  }

  /** The same without a copy: the memory goes with it, and the next is gathered in `spare`, or in new memory. */
  handOver(spare: ArrayBuffer | undefined): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.length)
    this.#bytes = spare === undefined ? new Uint8Array(this.#bytes.length) : new Uint8Array(spare)
    this.#view = new DataView(this.#bytes.buffer)
    this.length = 0
    return bytes
  }
}
