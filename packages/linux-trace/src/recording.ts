import type { EntryBatch } from './entries/batch.ts'
import type { TraceSummary } from './text/reader.ts'

/** Reads a trace into batches, once. It fills the summary on the way; `kprobeEvents`: the definitions of the probes, as tracefs prints them. */
export type TraceReader = (summary: TraceSummary, kprobeEvents: string) => AsyncIterable<EntryBatch>

/** A recording: the trace, the rest as text where it was recorded. */
export interface Recording {
  /** The text of the trace as a stream of bytes, or what reads it. */
  readonly trace: AsyncIterable<Uint8Array> | TraceReader
  /** What the user calls it. */
  readonly name: string
  /**
   * CPUs whose part of an overwritten ring buffer begins later than the first entry, where a look through the whole
   * trace has told; without it every CPU is taken to be one.
   */
  readonly lateCpus?: readonly number[]
  readonly iomem?: string
  readonly ndctl?: string
  readonly mounts?: string
  readonly uname?: string
  readonly kprobeEvents?: string
  readonly kprobeProfile?: string
  readonly dmesg?: string
}
