import { BatchBuilder, type EntryBatch } from '../entries/batch.ts'
import type { ColumnPool } from '../entries/columns.ts'
import { rebootNotes } from '../entries/reboot.ts'
import { parseProbeDefinitions, type ProbeDefinition } from '../probes.ts'
import type { TraceReader } from '../recording.ts'
import { FastLines } from './fast-line.ts'
import { LINE_BYTES_MAX } from './lines.ts'
import { LineReader, mustBeTrace } from './reader.ts'
import { seeTime, type TraceSummary } from './summary.ts'

const NEWLINE = 10
const RETURN = 13
const decoder = new TextDecoder()

/** Reads the text of a trace, as tracefs prints it (`trace`, `trace_pipe`), into batches. Hand it the bytes piece by piece. */
export class TextBatches {
  readonly #summary: TraceSummary
  readonly #out: BatchBuilder
  readonly #fast: FastLines
  readonly #lines: LineReader
  /** The beginning of a line whose end is not here yet; null when it is too long to be held. */
  #rest: Uint8Array | null = new Uint8Array(0)
  #line = 0

  /** `summary` is filled on the way. */
  constructor(summary: TraceSummary, definitions: ReadonlyMap<string, ProbeDefinition>, pool?: ColumnPool) {
    this.#summary = summary
    this.#out = new BatchBuilder(pool)
    this.#fast = new FastLines(this.#out, definitions)
    this.#lines = new LineReader(summary, (item) =>
      this.#out.add(item, item.kind === 'entry' ? item.entry.number : summary.entries, summary.lastTime),
    )
  }

  /** The batches that are full once these bytes were read. */
  *push(bytes: Uint8Array): Generator<EntryBatch> {
    let from = 0
    if (this.#rest === null || this.#rest.length > 0) {
      const end = bytes.indexOf(NEWLINE)
      if (end < 0) {
        this.#hold(bytes)
        return
      }
      this.#hold(bytes.subarray(0, end))
      this.#endRest()
      from = end + 1
    }
    for (let end = bytes.indexOf(NEWLINE, from); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      this.#take(bytes, from, end)
      from = end + 1
      if (this.#out.isFull) yield this.#out.take()
    }
    this.#hold(bytes.subarray(from))
  }

  /** What was read since the last batch; null when that is nothing. */
  takeSoFar(): EntryBatch | null {
    return this.#out.isEmpty ? null : this.#out.take()
  }

  /** The batch of what is left. @throws RecordingError when all of it was no trace. */
  *end(): Generator<EntryBatch> {
    if (this.#rest === null || this.#rest.length > 0) this.#endRest()
    this.#lines.end()
    mustBeTrace(this.#summary)
    this.#summary.notes.push(...rebootNotes(this.#out.reboots))
    if (!this.#out.isEmpty) yield this.#out.take()
  }

  #hold(bytes: Uint8Array): void {
    if (this.#rest === null || bytes.length === 0) return
    if (this.#rest.length + bytes.length > LINE_BYTES_MAX) {
      this.#rest = null
      return
    }
    const whole = new Uint8Array(this.#rest.length + bytes.length)
    whole.set(this.#rest)
    whole.set(bytes, this.#rest.length)
    this.#rest = whole
  }

  #endRest(): void {
    const rest = this.#rest
    this.#rest = new Uint8Array(0)
    if (rest === null) this.#lines.take({ number: ++this.#line, text: null })
    else this.#take(rest, 0, rest.length)
  }

  #take(bytes: Uint8Array, from: number, end: number): void {
    const summary = this.#summary
    const line = ++this.#line
    const to = end > from && bytes[end - 1] === RETURN ? end - 1 : end
    if (!this.#lines.isOpen && this.#fast.take(bytes, from, to, summary.entries + 1, line)) {
      summary.entries++
      summary.epoch ??= 0
      seeTime(summary, this.#fast.time, this.#fast.cpu)
      return
    }
    this.#lines.take({ number: line, text: end - from > LINE_BYTES_MAX ? null : decoder.decode(bytes.subarray(from, to)) })
    this.#fast.epoch = summary.epoch ?? 0
  }
}

/** The batches of a text trace, as a stream. */
export async function* readTextBatches(
  bytes: AsyncIterable<Uint8Array>,
  summary: TraceSummary,
  definitions: ReadonlyMap<string, ProbeDefinition>,
  pool?: ColumnPool,
): AsyncGenerator<EntryBatch> {
  const batches = new TextBatches(summary, definitions, pool)
  for await (const piece of bytes) yield* batches.push(piece)
  yield* batches.end()
}

/** The same of a trace that is still being written: each piece is handed on as it comes. */
export const readLiveText = (bytes: AsyncIterable<Uint8Array>): TraceReader =>
  async function* read(summary, kprobeEvents) {
    const batches = new TextBatches(summary, parseProbeDefinitions(kprobeEvents))
    for await (const piece of bytes) {
      yield* batches.push(piece)
      const soFar = batches.takeSoFar()
      if (soFar !== null) yield soFar
    }
    yield* batches.end()
  }
