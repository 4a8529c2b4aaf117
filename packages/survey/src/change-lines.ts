/** Changes as they are listed: neighbouring elements of a list with the same change are one line. */
import { hex } from '@devtrail/events'

export interface ChangeLine<C> {
  /** `pageRefs[0x109300..0x10930f].refcount`, where it stands for several. */
  readonly path: string
  /** The first of them. */
  readonly change: C
  /** The events that made them, where they are known. */
  readonly first: number | null
  readonly last: number | null
}

/** Which keys elements have that are one line: `pageRefs[` `0x109300` `].refcount`. */
interface Run {
  readonly head: string
  readonly tail: string
  readonly first: bigint
  last: bigint
}

type Open<C> = { -readonly [K in keyof ChangeLine<C>]: ChangeLine<C>[K] } & { readonly what: string; readonly run: Run | null }

/** The last key in a path, where it is a number. */
function runOf(path: string): Run | null {
  const m = /^(.*\[)(0x[0-9a-f]+)(\][^[]*)$/.exec(path)
  if (m === null) return null
  return { head: m[1]!, tail: m[3]!, first: BigInt(m[2]!), last: BigInt(m[2]!) }
}

/**
 * @param changes of one device.
 * @param whatOf what a change is, in words: those that are one line say the same.
 * @param seqOf the event that made it.
 */
export function changeLines<C extends { readonly path: string }>(
  changes: readonly C[],
  whatOf: (change: C) => string,
  seqOf: (change: C) => number | null,
): ChangeLine<C>[] {
  const lines: Open<C>[] = []
  for (const change of changes) {
    const what = whatOf(change)
    const run = runOf(change.path)
    const seq = seqOf(change)
    const open = lines.findLast((l) => l.what === what && l.run?.head === run?.head && l.run?.tail === run?.tail)
    if (run !== null && open?.run != null && open.run.last + 1n === run.first) {
      open.run.last = run.first
      open.path = `${run.head}${hex(open.run.first)}..${hex(run.first)}${run.tail}`
      if (seq !== null) {
        open.first = Math.min(open.first ?? seq, seq)
        open.last = Math.max(open.last ?? seq, seq)
      }
    } else lines.push({ path: change.path, change, what, first: seq, last: seq, run })
  }
  return lines.map(({ path, change, first, last }) => ({ path, change, first, last }))
}
