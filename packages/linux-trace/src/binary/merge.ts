/** Records of several CPUs in the order of their times; of equal times the first CPU's comes first, as tracefs prints them. */
import type { CpuRecords } from './cpu-records.ts'

export interface Merging {
  /** Shows a CPU's current record; what it returns is waited for. */
  readonly show: (from: CpuRecords) => void | Promise<void>
  /** Told of a CPU whose next record, if there is one, comes after some that are missing. */
  readonly lacking: (from: CpuRecords) => void
  /** Told of a CPU that has no more. */
  readonly ended: (from: CpuRecords) => void
  /** Called now and then, to wait for. */
  readonly rest: () => Promise<void> | null
}

/** Shows each record, in order. */
export async function inOrder(cpus: readonly CpuRecords[], { show, lacking, ended, rest }: Merging): Promise<void> {
  const live: CpuRecords[] = []
  for (const cpu of cpus) {
    const isThere = await advance(cpu)
    if (cpu.lacks) lacking(cpu)
    if (isThere) live.push(cpu)
    else ended(cpu)
  }
  while (live.length > 0) {
    let first = 0
    for (let i = 1; i < live.length; i++) if (live[i]!.time < live[first]!.time) first = i
    const cpu = live[first]!
    // Up to here it stays this CPU's turn.
    let until = Infinity
    let untilIndex = live.length
    for (let i = 0; i < live.length; i++) {
      if (i === first || live[i]!.time >= until) continue
      until = live[i]!.time
      untilIndex = i
    }
    for (;;) {
      const showing = show(cpu)
      if (showing !== undefined) await showing
      if (!cpu.step()) {
        const waiting = rest()
        if (waiting !== null) await waiting
        if (!(await advance(cpu))) {
          if (cpu.lacks) lacking(cpu)
          ended(cpu)
          live.splice(first, 1)
          break
        }
      }
      if (cpu.lacks) lacking(cpu)
      if (cpu.time > until || (cpu.time === until && untilIndex < first)) break
    }
    const waiting = rest()
    if (waiting !== null) await waiting
  }
}

/** Steps to the next record, reading on where need be. */
async function advance(cpu: CpuRecords): Promise<boolean> {
  while (!cpu.step()) if (!(await cpu.more())) return false
  return true
}
