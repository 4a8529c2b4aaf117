import type { EntryBatch } from './entries/batch.ts'
import type { TraceSummary } from './text/summary.ts'

/** Reads a trace into batches, once. It fills the summary on the way; `kprobeEvents`: the definitions of the probes, as tracefs prints them. */
export type TraceReader = (summary: TraceSummary, kprobeEvents: string) => Batches

/** The batches of a trace. */
export interface Batches extends AsyncIterable<EntryBatch> {
  /** Takes back a batch that nobody looks at any more: its buffers are used again. */
  readonly release?: (batch: EntryBatch) => void
}

/** From an entry on entries of a CPU are missing, until the trace says that they were lost. */
export interface Blindness {
  /** Number of the last entry before; 0: from the beginning. */
  readonly after: number
  readonly cpu: number
}

/** What a look through a whole trace tells. */
export interface Foreseen {
  /** CPUs whose part of an overwritten ring buffer begins later than the first entry; null: it was not overwritten. */
  readonly lateCpus: readonly number[] | null
  /** In the order of the entries. */
  readonly blind: readonly Blindness[]
  /** Entries of which the trace says where they were lost, and how many it says were lost in all. */
  readonly placed: number
  readonly announced: number
}

/** A recording: the trace, the rest as text where it was recorded. */
export interface Recording {
  /** The text of the trace as a stream of bytes, or what reads it. */
  readonly trace: AsyncIterable<Uint8Array> | TraceReader
  /** Begins to read the trace, which is then asked for once, so that something is there by then. */
  readonly begin?: () => void
  /** What the user calls it. */
  readonly name: string
  /** A look through the whole trace, for what has to be known before it is told. Of a stream there is none. */
  readonly foresee?: () => Promise<Foreseen>
  readonly iomem?: string
  readonly ndctl?: string
  readonly mounts?: string
  readonly uname?: string
  /** Text of tracefs' trace_clock. */
  readonly traceClock?: string
  readonly kprobeEvents?: string
  readonly kprobeProfile?: string
  /** Texts of tracefs' per_cpu/cpuN/stats, each after a line `CPU: N`. */
  readonly stats?: string
  readonly dmesg?: string
}
