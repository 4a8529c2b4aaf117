import { RecordingError } from '../errors.ts'
import { readLines, LINE_BYTES_MAX, type Line } from './lines.ts'
import { parseEntry, type TraceEntry } from './entry.ts'

/** What a text trace consists of, in order. */
export type TraceItem =
  | { readonly kind: 'entry'; readonly entry: TraceEntry }
  /** Entries are missing here. */
  | {
      readonly kind: 'gap'
      readonly reason: 'overwritten' | 'lost' | 'unreadable'
      readonly lost: number | null
      readonly cpu: number | null
      readonly line: number
    }

/** What is known once the trace was read to its end. */
export interface TraceSummary {
  entries: number
  /** Entries the ring buffer held, and ever had, when it was read; null without a header. */
  inBuffer: number | null
  written: number | null
  /** How many CPUs the machine has; null without a header. */
  cpus: number | null
  unparsed: number
  /** Where the first lines were that could not be read, and what they held. */
  unreadable: string[]
}

const HEADER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)(?: +#P:(\d+))?/
const LOST = /^CPU:(\d+) \[LOST (?:(\d+) )?EVENTS\]/
/** The first line of trace-cmd report. */
const CPUS = /^cpus=\d+$/
const STARTED = /^##### CPU (\d+) buffer started ####/
/** Only lines that the kernel itself prints with line breaks in them are continued. */
const MULTILINE = new Set(['console', 'tracing_mark_write', 'print', 'bprint', 'printk'])
const UNREADABLE_SHOWN_MAX = 5

/** A count as printed; null where there is none, or one that nothing can have lost. */
function countOf(text: string | undefined): number | null {
  const n = Number(text)
  return text !== undefined && Number.isSafeInteger(n) ? n : null
}

const excerpt = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

/** Reads a text trace as tracefs prints it (`trace`, `trace_pipe`), as a stream. Fills `summary` as it goes. */
export async function* readTextTrace(bytes: AsyncIterable<Uint8Array>, summary: TraceSummary): AsyncGenerator<TraceItem> {
  let pending: TraceEntry | null = null
  for await (const lines of readLines(bytes)) {
    for (const line of lines) {
      const step = readLine(line, pending, summary)
      if (step === 'continued') continue
      if (pending !== null && step !== null) {
        yield { kind: 'entry', entry: pending }
        pending = null
      }
      if (step === null) continue
      if (step.kind === 'entry') pending = step.entry
      else yield step
    }
  }
  if (pending !== null) yield { kind: 'entry', entry: pending }
  if (summary.entries === 0 && summary.inBuffer === null) {
    throw new RecordingError(
      summary.unparsed === 0
        ? 'the trace is empty: expected the text of tracefs\' "trace" file, found no line; was it copied before tracing was stopped?'
        : `this is not a text trace: none of its ${summary.unparsed} lines is an entry; ${summary.unreadable[0]}; expected lines like "sh-102 [000] .....  9.321542: event: …"`,
    )
  }
}

function readLine(line: Line, pending: TraceEntry | null, summary: TraceSummary): TraceItem | 'continued' | null {
  const { text, number } = line
  if (text === null) return unreadable(number, `a line longer than ${LINE_BYTES_MAX} bytes`, summary)
  if (text.startsWith('#')) {
    const header = HEADER.exec(text)
    if (header !== null) {
      summary.inBuffer = Number(header[1])
      summary.written = Number(header[2])
      summary.cpus = header[3] === undefined ? null : Number(header[3])
      const lost = summary.written - summary.inBuffer
      return lost > 0 && summary.entries === 0 ? { kind: 'gap', reason: 'overwritten', lost, cpu: null, line: number } : null
    }
    const started = STARTED.exec(text)
    if (started !== null && summary.entries > 0)
      return { kind: 'gap', reason: 'overwritten', lost: null, cpu: Number(started[1]), line: number }
    if (started !== null || pending === null || !MULTILINE.has(pending.event)) return null
  }
  const entry = parseEntry(text, summary.entries + 1, number)
  if (entry !== null) {
    summary.entries++
    return { kind: 'entry', entry }
  }
  const lost = LOST.exec(text)
  if (lost !== null) return { kind: 'gap', reason: 'lost', lost: countOf(lost[2]), cpu: Number(lost[1]), line: number }
  if (pending !== null && MULTILINE.has(pending.event)) {
    pending.body += `\n${text}`
    return 'continued'
  }
  if (text.trim() === '' || CPUS.test(text)) return null
  return unreadable(number, excerpt(text), summary)
}

function unreadable(line: number, what: string, summary: TraceSummary): TraceItem {
  summary.unparsed++
  if (summary.unreadable.length < UNREADABLE_SHOWN_MAX) summary.unreadable.push(`line ${line}: ${what}`)
  return { kind: 'gap', reason: 'unreadable', lost: 1, cpu: null, line }
}
