import { epochFor } from '../epoch.ts'
import { RecordingError } from '../errors.ts'
import { LINE_BYTES_MAX, type Line } from './lines.ts'
import { parseEntry, type TraceEntry } from './entry.ts'
import { beginsTrace, countOf, parseHeader, TraceParts, type Header } from './parts.ts'
import { canGoOn, isMultiline } from './special.ts'
import { seeTime, type TraceSummary } from './summary.ts'

/** What the lines of a text trace say, in order. */
export type LineItem =
  | { readonly kind: 'entry'; readonly entry: TraceEntry }
  /** Entries are missing here. */
  | {
      readonly kind: 'gap'
      readonly reason: 'overwritten' | 'lost' | 'unreadable'
      readonly lost: number | null
      readonly cpu: number | null
      readonly line: number
    }

/** What a trace consists of; `blind`: from here on entries of this CPU are missing, up to a gap of that CPU; of no CPU: anywhere, to the end. */
export type TraceItem = LineItem | { readonly kind: 'blind'; readonly cpu: number | null }

/** As tracefs and as trace-cmd report print it. */
const LOST = /^CPU:(\d+) \[(?:LOST (?:(\d+) )?EVENTS|(?:(\d+) )?EVENTS DROPPED)\]/
/** Before the task trace-cmd report names the buffer, where there are several: `two:               sh`. No task has such a name. */
const OF_BUFFER = /^([^\s:]+): {2,}\S/
const COMM_MAX = 15
/** The first line of trace-cmd report. */
const CPUS = /^cpus=\d+$/
const STARTED = /^##### CPU (\d+) buffer started ####/
const UNREADABLE_SHOWN_MAX = 5

const excerpt = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

/** Reads lines one by one into entries and gaps. */
export class LineReader {
  readonly #summary: TraceSummary
  readonly #emit: (item: TraceItem) => void
  readonly #parts: TraceParts
  /** An entry that the next lines may go on with. */
  #pending: TraceEntry | null = null
  /** What looks like a header in the last line of its text: of a mark of user space nobody can tell. */
  #lastHeader: Header | null = null

  constructor(summary: TraceSummary, emit: (item: TraceItem) => void) {
    this.#summary = summary
    this.#emit = emit
    this.#parts = new TraceParts(summary)
  }

  /** Whether the next line may be part of an entry, or the first of another trace. */
  get isOpen(): boolean {
    return this.#pending !== null || this.#parts.waits
  }

  take(line: Line): void {
    const item = this.#read(line)
    if (item === null) return
    this.flush()
    if (item.kind !== 'entry') this.#emit(item)
    else if (isMultiline(item.entry.event)) this.#pending = item.entry
    else this.#say(item.entry)
  }

  /** Says the entry that no line goes on with any more. */
  flush(): void {
    const entry = this.#pending
    if (entry === null) return
    this.#pending = null
    const header = this.#lastHeader
    this.#lastHeader = null
    if (header !== null && this.#parts.endsWith(header)) this.#endPart(entry, header)
    this.#say(entry)
  }

  /** The trace is over. A header that is its last line is one, unless there was one before. */
  end(): void {
    if (this.#pending !== null && this.#lastHeader !== null && this.#parts.isUncounted) {
      this.#endPart(this.#pending, this.#lastHeader)
      this.#lastHeader = null
    }
    this.flush()
  }

  /** The last line of an entry's text is the header of the trace up to it. */
  #endPart(entry: TraceEntry, header: Header): void {
    entry.body = entry.body.slice(0, entry.body.lastIndexOf('\n'))
    this.#parts.see(header)
  }

  #say(entry: TraceEntry): void {
    seeTime(this.#summary, entry.time, entry.cpu)
    this.#emit({ kind: 'entry', entry })
  }

  /** Null when the line says nothing, or went to the entry before. */
  #read({ text, number }: Line): LineItem | null {
    const summary = this.#summary
    if (text === null) return unreadable(number, `a line longer than ${LINE_BYTES_MAX} bytes`, summary)
    if (text.startsWith('#')) {
      if (this.#pending === null && beginsTrace(text)) return this.#begins(text, number)
      const started = STARTED.exec(text)
      if (started !== null && summary.entries > 0)
        return { kind: 'gap', reason: 'overwritten', lost: null, cpu: Number(started[1]), line: number }
      if (started !== null || this.#pending === null) return null
    }
    const entry = this.#parse(text, number)
    // A trace has one clock: a time of another form is a damaged one.
    const buffer = entry !== null && entry.comm.length > COMM_MAX ? OF_BUFFER.exec(entry.comm)?.[1] : undefined
    if (buffer !== undefined)
      throw new RecordingError(
        `line ${number} is of the buffer ${JSON.stringify(buffer)}: this is what trace-cmd report prints of several buffers, where an event stands once for each that recorded it; import the trace.dat itself`,
      )
    if (entry !== null && (summary.entries === 0 || (entry.ticks === true) === summary.ticks)) {
      if (entry.ticks === true) summary.ticks = true
      this.flush()
      if (this.#parts.waits) this.#seam(number)
      summary.entries++
      return { kind: 'entry', entry }
    }
    const lost = LOST.exec(text)
    if (lost !== null) return { kind: 'gap', reason: 'lost', lost: countOf(lost[2] ?? lost[3]), cpu: Number(lost[1]), line: number }
    if (this.#pending !== null && canGoOn(this.#pending.event, text)) {
      this.#pending.body += `\n${text}`
      this.#lastHeader = parseHeader(text)
      if (beginsTrace(text)) this.#parts.doubt(text)
      return null
    }
    if (text.trim() === '' || CPUS.test(text)) return null
    return unreadable(number, excerpt(text), summary)
  }

  /** Null of what is no entry, or of another time than can be. */
  #parse(text: string, line: number): TraceEntry | null {
    const summary = this.#summary
    const number = summary.entries + 1
    const entry = parseEntry(text, number, line, summary.epoch ?? 0)
    if (entry === null || summary.epoch !== null) return entry !== null && Number.isSafeInteger(entry.time) ? entry : null
    summary.epoch = epochFor(entry.time / 1e9)
    return summary.epoch === 0 ? entry : parseEntry(text, number, line, summary.epoch)
  }

  /** A line that is a header, or names the tracer before one. */
  #begins(text: string, line: number): LineItem | null {
    const header = parseHeader(text)
    if (header === null) {
      this.#parts.seeTracer()
      return null
    }
    const lost = this.#parts.see(header)
    return lost > 0 ? { kind: 'gap', reason: 'overwritten', lost, cpu: null, line } : null
  }

  /** Before the first entry of another trace there is a gap; of one whose buffer was overwritten entries may be missing anywhere. */
  #seam(line: number): void {
    const seam = this.#parts.seam(line)
    if (seam === null) return
    this.#emit({ kind: 'gap', reason: 'lost', lost: null, cpu: null, line })
    if (seam.overwritten) this.#emit({ kind: 'blind', cpu: null })
  }
}

/** @throws RecordingError when what was read to its end has no entry and is no empty trace. */
export function mustBeTrace(summary: TraceSummary): void {
  const isEmpty = summary.inBuffer !== null && summary.unparsed === 0
  if (summary.entries > 0 || isEmpty) return
  throw new RecordingError(
    summary.unparsed === 0
      ? 'the trace is empty: expected the text of tracefs\' "trace" file, found no line; was it copied before tracing was stopped?'
      : `this is not a text trace: none of its ${summary.unparsed} lines is an entry; ${summary.unreadable[0]}; expected lines like "sh-102 [000] .....  9.321542: event: …", which tracefs does not print with the options latency-format, raw, hex, bin or nocontext-info: read it without, or import the trace.dat`,
  )
}

function unreadable(line: number, what: string, summary: TraceSummary): LineItem {
  summary.unparsed++
  if (summary.unreadable.length < UNREADABLE_SHOWN_MAX) summary.unreadable.push(`line ${line}: ${what}`)
  return { kind: 'gap', reason: 'unreadable', lost: 1, cpu: null, line }
}
