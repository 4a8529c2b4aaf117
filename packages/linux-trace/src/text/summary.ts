/** What is known once the trace was read to its end. */
export interface TraceSummary {
  entries: number
  /** Entries the ring buffer held, and ever had, when it was read; null without a header. */
  inBuffer: number | null
  written: number | null
  /** Whether the last of several traces, one behind the other, has no header. */
  isUncounted: boolean
  /** Whether the trace holds the kernel's counts of each CPU itself, so that those beside it say no more. */
  countsItself: boolean
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
  /** What times are counted from, in seconds of the clock, or billions of its ticks; null before the first. */
  epoch: number | null
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
  isUncounted: false,
  countsItself: false,
  cpus: null,
  lateCpus: null,
  unparsed: 0,
  unreadable: [],
  uname: null,
  clock: null,
  epoch: null,
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
