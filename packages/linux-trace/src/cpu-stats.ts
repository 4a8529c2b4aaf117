/** The kernel's counts of what each CPU's ring buffer held and lost: tracefs' `per_cpu/cpuN/stats`, which a trace.dat carries too. */

export interface CpuStat {
  readonly cpu: number
  /** Of a trace.dat with several buffers: which one; else empty. */
  readonly buffer: string
  /** Entries that nobody had read when it was counted. */
  readonly entries: number
  /** Overwritten by later ones. */
  readonly overrun: number
  /** Not written because interrupts had filled the buffer meanwhile. */
  readonly commitOverrun: number
  /** Not written because the buffer was full, and was not to be overwritten. */
  readonly dropped: number
  readonly read: number
}

const CPUS_MAX = 8192

/** Reads the counts of one CPU or several, each after a line `CPU: N`. What is no count says nothing. */
export function parseCpuStats(text: string, buffer = ''): CpuStat[] {
  return text.split(/^CPU: /m).flatMap((part, i): CpuStat[] => {
    const cpu = /^(\d{1,4})\r?$/m.exec(part)?.[1]
    if (i === 0 || cpu === undefined || !part.startsWith(cpu) || Number(cpu) >= CPUS_MAX) return []
    const count = (name: string): number => Number(new RegExp(`^${name}: (\\d{1,15})\\r?$`, 'm').exec(part)?.[1] ?? 0)
    return [
      {
        cpu: Number(cpu),
        buffer,
        entries: count('entries'),
        overrun: count('overrun'),
        commitOverrun: count('commit overrun'),
        dropped: count('dropped events'),
        read: count('read events'),
      },
    ]
  })
}

const sum = (stats: readonly CpuStat[], of: (stat: CpuStat) => number): number => stats.reduce((total, stat) => total + of(stat), 0)

/** What all buffers lost. */
export const lostOf = (stats: readonly CpuStat[]): number => sum(stats, (s) => s.overrun + s.commitOverrun + s.dropped)

/** What they lost without a mark where: only what was overwritten has one. */
export const unplacedOf = (stats: readonly CpuStat[]): number => sum(stats, (s) => s.commitOverrun + s.dropped)

/**
 * How many entries a trace should have that was read out of these buffers. What was still in them is part of the trace where that was
 * copied from the file `trace`, which leaves them there; what others read before is not. From `trace_pipe` all that was read is.
 * @param inTrace entries that its header announces; those it has, without one
 */
export function announcedBy(stats: readonly CpuStat[], inTrace: number): number {
  const unread = sum(stats, (s) => s.entries)
  const read = sum(stats, (s) => s.read)
  return inTrace === unread && inTrace !== read ? unread : unread + read
}

/** What people are told of a CPU's buffer that lost something. */
export function lossNotes(stats: readonly CpuStat[]): string[] {
  return stats.flatMap(({ cpu, buffer, overrun, commitOverrun, dropped }) => {
    const lacks = [
      ...(overrun > 0 ? [`${overrun} overwritten`] : []),
      ...(commitOverrun > 0 ? [`${commitOverrun} not written by interrupts`] : []),
      ...(dropped > 0 ? [`${dropped} dropped, for the buffer was full`] : []),
    ]
    return lacks.length === 0 ? [] : [`of the entries of CPU ${cpu}${buffer === '' ? '' : ` in the buffer ${buffer}`}: ${lacks.join(', ')}`]
  })
}
