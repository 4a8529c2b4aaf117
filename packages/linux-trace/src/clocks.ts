/** The clocks that a trace can have (tracefs' trace_clock). */

/** Whether a clock counts something other than nanoseconds, as the kernel says of each: `uptime` counts jiffies. */
export const isCounting = (clock: string): boolean => ['counter', 'uptime', 'x86-tsc', 'ppc-tb', 'arch'].includes(clock)

/** The clock in use, out of the text of tracefs' trace_clock: the one in brackets; null when none is. */
export const clockInUse = (text: string): string | null => /\[([\w-]{1,32})\]/.exec(text)?.[1] ?? null

/** What people are told of a clock that does not do what the usual ones do. */
export function clockNotes(clock: string | null, ticks: boolean): string[] {
  if (ticks)
    return [
      `the clock${clock === null ? '' : ` ${clock}`} counts ticks, not time: each is shown as a nanosecond, so that moments are in order and durations mean nothing`,
    ]
  if (clock === 'local')
    return ["the clock local is each CPU's own: entries of different CPUs may stand in another order than they happened in"]
  return []
}
