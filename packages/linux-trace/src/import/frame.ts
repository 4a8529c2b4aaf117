/** A call a task is in, as far as its probes show. */
export interface Frame {
  readonly symbol: string
  /** Sequence number of the event that entered it. */
  readonly seq: number
  /** It as a cause: of what the call does, and of its return. */
  readonly cause: readonly number[]
  /** The device the call is about. */
  readonly device: number | null
  /** Whether it cannot be told that it is this device. */
  readonly doubtful: boolean
  /** What the return has to know. */
  readonly data: { readonly [key: string]: unknown }
}
