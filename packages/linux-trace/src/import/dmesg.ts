/** What the kernel still printed after tracing stopped. */
import { nanoseconds } from '@devtrail/events'
import { consoleLine } from './console.ts'
import type { ImportContext } from './context.ts'

/** A line of dmesg. */
interface DmesgLine {
  readonly ns: number
  readonly text: string
}

/** `epoch`: what times are counted from, in seconds. */
export function parseDmesg(text: string, epoch = 0): DmesgLine[] {
  const lines: DmesgLine[] = []
  for (const raw of text.split(/\r?\n/)) {
    const m = /^(?:<\d+>)?\[ *(\d+\.\d{6})\] ?(.*)$/.exec(raw)
    if (m !== null) lines.push({ ns: nanoseconds(m[1]!) - epoch * 1e9, text: m[2]! })
  }
  return lines
}

/** A console line of the trace, and its time there (ns). */
export interface ConsoleLine {
  readonly text: string
  readonly time: number
}

/** When the trace ends; of a clock that counts nothing tells how its ticks stand to the seconds of dmesg. */
export interface LastMoment {
  readonly time: number
  readonly ticks: boolean
  /** What its times are counted from, in seconds. */
  readonly epoch: number
}

/**
 * What the kernel printed after tracing stopped (an oops stops it): the lines of dmesg after the last one that the
 * trace has. The two clocks differ by a little; a line that both have tells by how much.
 */
export function dmesgTail(lines: readonly DmesgLine[], last: LastMoment, lastConsole: ConsoleLine | null): DmesgLine[] {
  let offset = 0
  let from = 0
  if (lastConsole !== null) {
    const [first] = lastConsole.text.split('\n')
    let at = -1
    for (const [i, line] of lines.entries()) {
      if (line.text !== first) continue
      if (at < 0 || last.ticks || Math.abs(line.ns - lastConsole.time) < Math.abs(lines[at]!.ns - lastConsole.time)) at = i
    }
    if (at >= 0) {
      offset = lines[at]!.ns - lastConsole.time
      from = at + lastConsole.text.split('\n').length
    }
  }
  // Ticks: without a line that both have, nobody can say which lines came later.
  if (last.ticks) return from === 0 ? [] : lines.slice(from).map(({ text }) => ({ ns: last.time, text }))
  return lines
    .slice(from)
    .filter((l) => l.ns - offset > last.time)
    .map((l) => ({ ns: l.ns - offset, text: l.text }))
}

/** Says the lines of dmesg that came after the last entry. */
export function sayDmesgTail(ctx: ImportContext, dmesg: string, last: LastMoment, lastConsole: ConsoleLine | null): void {
  const lines = dmesgTail(parseDmesg(dmesg, last.epoch), last, lastConsole)
  for (const [i, line] of lines.entries()) {
    ctx.leave(line.ns)
    consoleLine(ctx, line.text, () => lines.slice(i + 1).map((following) => following.text))
  }
}
