/** What a recording says of itself that it has or lacks: the header of its trace, the counts of the kernel, a look through it ahead. */
import { announcedBy, lostOf, unplacedOf, type CpuStat } from '../cpu-stats.ts'
import type { Foreseen } from '../recording.ts'
import type { TraceSummary } from '../text/summary.ts'
import { cutNote, undrainedNote } from './notes.ts'

/** Linux has no more CPUs than this (CONFIG_NR_CPUS). */
const CPUS_MAX = 8192

/** Entries that are known to be lost, and nothing says where. `foreseen`: null where there was no look ahead. */
export function lostNowhere(stats: readonly CpuStat[], foreseen: Foreseen | null): number {
  const announced = Math.max(foreseen?.announced ?? 0, foreseen === null ? 0 : lostOf(stats))
  return Math.max(unplacedOf(stats), announced - (foreseen?.placed ?? 0))
}

/** CPUs that may have lost entries after the first entry there is: those whose buffer is said to begin later. */
export function lateCpus(trace: TraceSummary, foreseen: Foreseen | null): readonly number[] {
  const { inBuffer, written, cpus, first } = trace
  if (first === null || inBuffer === null || written === null || written <= inBuffer) return []
  const late = foreseen?.lateCpus ?? trace.lateCpus ?? Array.from({ length: Math.min(cpus ?? CPUS_MAX, CPUS_MAX) }, (_, cpu) => cpu)
  return late.filter((cpu) => cpu !== first.cpu)
}

/** How many entries there should be, by the header or by what the kernel counted, once all that are there are read; and what is said of it. */
export function announcedAtEnd(
  trace: TraceSummary,
  stats: readonly CpuStat[],
): { readonly entries: number; readonly notes: readonly string[] } {
  const { entries, unparsed, inBuffer, countsItself } = trace
  const counted = countsItself ? 0 : announcedBy(stats, inBuffer ?? entries) - unparsed
  const notes = [
    ...(inBuffer !== null && entries < inBuffer ? [cutNote(entries, inBuffer)] : []),
    ...(counted > Math.max(entries, inBuffer ?? 0) ? [undrainedNote(entries, counted)] : []),
  ]
  return { entries: Math.max(inBuffer ?? 0, counted), notes }
}
