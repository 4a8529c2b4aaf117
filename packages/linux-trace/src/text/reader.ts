import { RecordingError } from '../errors.ts'
import { LINE_BYTES_MAX, type Line } from './lines.ts'
import { parseEntry, type TraceEntry } from './entry.ts'
import { isMultiline } from './special.ts'

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

/** What is known once the trace was read to its end. */
export interface TraceSummary {
  entries: number
  /** Entries the ring buffer held, and ever had, when it was read; null without a header. */
  inBuffer: number | null
  written: number | null
  /** How many CPUs the machine has; null without a header. */
  cpus: number | null
  /** CPUs whose part of an overwritten ring buffer may begin later than the first entry, where the reader knows them. */
  lateCpus: readonly number[] | null
  unparsed: number
  /** Where the first lines were that could not be read, and what they held. */
  unreadable: string[]
  /** The kernel, where the trace itself names it. */
  uname: string | null
  /** The trace's clock, where the trace itself names it. */
  clock: string | null
  /** Whether its times are counts of something, not nanoseconds. */
  ticks: boolean
  /** What else a reader has to say. */
  notes: string[]
  /** The first entry's time (ns) and CPU. */
  first: { readonly time: number; readonly cpu: number } | null
  /** Time of the last entry, in nanoseconds. */
  lastTime: number
  /** How often an entry's time is before that of the one before it. */
  backwards: number
}

export const newSummary = (): TraceSummary => ({
  entries: 0,
  inBuffer: null,
  written: null,
  cpus: null,
  lateCpus: null,
  unparsed: 0,
  unreadable: [],
  uname: null,
  clock: null,
  ticks: false,
  notes: [],
  first: null,
  lastTime: 0,
  backwards: 0,
})

/** Takes note of the next entry's time. */
export function seeTime(summary: TraceSummary, time: number, cpu: number): void {
  if (summary.first === null) summary.first = { time, cpu }
  else if (time < summary.lastTime) summary.backwards++
  summary.lastTime = time
}

const HEADER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)(?: +#P:(\d+))?/
/** As tracefs and as trace-cmd report print it. */
const LOST = /^CPU:(\d+) \[(?:LOST (?:(\d+) )?EVENTS|(?:(\d+) )?EVENTS DROPPED)\]/
/** Before the task trace-cmd report names the buffer, where there are several: `two:               sh`. No task has such a name. */
const OF_BUFFER = /^([^\s:]+): {2,}\S/
const COMM_MAX = 15
/** The first line of trace-cmd report. */
const CPUS = /^cpus=\d+$/
const STARTED = /^##### CPU (\d+) buffer started ####/
const UNREADABLE_SHOWN_MAX = 5

/** A count as printed; null where there is none, or one that nothing can have lost. */
function countOf(text: string | undefined): number | null {
  const n = Number(text)
  return text !== undefined && Number.isSafeInteger(n) ? n : null
}

const excerpt = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

/** Reads lines one by one into entries and gaps. */
export class LineReader {
  readonly #summary: TraceSummary
  readonly #emit: (item: LineItem) => void
  /** An entry that the next lines may go on with. */
  #pending: TraceEntry | null = null

  constructor(summary: TraceSummary, emit: (item: LineItem) => void) {
    this.#summary = summary
    this.#emit = emit
  }

  /** Whether the next line may be part of an entry. */
  get isOpen(): boolean {
    return this.#pending !== null
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
    if (this.#pending !== null) this.#say(this.#pending)
    this.#pending = null
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
      const header = HEADER.exec(text)
      if (header !== null) {
        const [inBuffer, written] = [countOf(header[1]), countOf(header[2])]
        // One that no buffer can have had is damaged, and says nothing.
        if (inBuffer === null || written === null) return null
        Object.assign(summary, { inBuffer, written, cpus: countOf(header[3]) })
        const lost = written - inBuffer
        return lost > 0 && summary.entries === 0 ? { kind: 'gap', reason: 'overwritten', lost, cpu: null, line: number } : null
      }
      const started = STARTED.exec(text)
      if (started !== null && summary.entries > 0)
        return { kind: 'gap', reason: 'overwritten', lost: null, cpu: Number(started[1]), line: number }
      if (started !== null || this.#pending === null) return null
    }
    const entry = parseEntry(text, summary.entries + 1, number)
    // A trace has one clock: a time of another form is a damaged one.
    const buffer = entry !== null && entry.comm.length > COMM_MAX ? OF_BUFFER.exec(entry.comm)?.[1] : undefined
    if (buffer !== undefined)
      throw new RecordingError(
        `line ${number} is of the buffer ${JSON.stringify(buffer)}: this is what trace-cmd report prints of several buffers, where an event stands once for each that recorded it; import the trace.dat itself`,
      )
    if (entry !== null && (summary.entries === 0 || (entry.ticks === true) === summary.ticks)) {
      if (entry.ticks === true) summary.ticks = true
      summary.entries++
      return { kind: 'entry', entry }
    }
    const lost = LOST.exec(text)
    if (lost !== null) return { kind: 'gap', reason: 'lost', lost: countOf(lost[2] ?? lost[3]), cpu: Number(lost[1]), line: number }
    if (this.#pending !== null) {
      this.#pending.body += `\n${text}`
      return null
    }
    if (text.trim() === '' || CPUS.test(text)) return null
    return unreadable(number, excerpt(text), summary)
  }
}

/** @throws RecordingError when what was read to its end has no entry and is no empty trace. */
export function mustBeTrace(summary: TraceSummary): void {
  if (summary.entries > 0 || summary.inBuffer !== null) return
  throw new RecordingError(
    summary.unparsed === 0
      ? 'the trace is empty: expected the text of tracefs\' "trace" file, found no line; was it copied before tracing was stopped?'
      : `this is not a text trace: none of its ${summary.unparsed} lines is an entry; ${summary.unreadable[0]}; expected lines like "sh-102 [000] .....  9.321542: event: …"`,
  )
}

function unreadable(line: number, what: string, summary: TraceSummary): LineItem {
  summary.unparsed++
  if (summary.unreadable.length < UNREADABLE_SHOWN_MAX) summary.unreadable.push(`line ${line}: ${what}`)
  return { kind: 'gap', reason: 'unreadable', lost: 1, cpu: null, line }
}
