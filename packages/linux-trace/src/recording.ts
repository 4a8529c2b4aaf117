/** A recording: the trace as a stream of bytes, the rest as text where it was recorded. */
export interface Recording {
  readonly trace: AsyncIterable<Uint8Array>
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
