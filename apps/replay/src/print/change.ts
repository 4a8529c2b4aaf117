import { hex } from '@devtrail/events'
import type { Change } from '@devtrail/time-travel'
import type { Style } from './style.ts'
import { clip, padEnd, widthOf } from './text.ts'
import { valueText } from './value.ts'

/** Fields of an element that are of it alone, or that its key says already. */
const OWN = new Set(['pfn', 'pages', 'since', 'idle', 'order', 'learntAt'])

/** The widest path that others line up with. */
const PATH_WIDTH_MAX = 60

interface Line {
  path: string
  readonly what: string
  first: number | null
  last: number | null
  /** Of neighbouring elements with the same change: which keys they have. */
  readonly run: { readonly head: string; readonly tail: string; readonly first: bigint; last: bigint } | null
}

function text(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value === false ? 'none' : valueText(value)
  return valueText(Object.fromEntries(Object.entries(value).filter(([name]) => !OWN.has(name))), 1)
}

const isTruth = (v: unknown): boolean => typeof v === 'boolean' || v === null

function whatOf({ from, to }: Change): string {
  if (isTruth(from) && isTruth(to)) return `${valueText(from)} → ${valueText(to)}`
  return `${text(from)} → ${text(to)}`
}

/** The last key in a path, where it is a number: `pageRefs[` `0x109300` `].refcount`. */
function runOf(path: string): Line['run'] {
  const m = /^(.*\[)(0x[0-9a-f]+)(\][^[]*)$/.exec(path)
  if (m === null) return null
  return { head: m[1]!, tail: m[3]!, first: BigInt(m[2]!), last: BigInt(m[2]!) }
}

/** Neighbouring elements with the same change become one line. */
function linesOf(changes: readonly Change[], seqs: ReadonlyMap<Change, number>): Line[] {
  const lines: Line[] = []
  for (const change of changes) {
    const what = whatOf(change)
    const run = runOf(change.path)
    const seq = seqs.get(change) ?? null
    const open = lines.findLast((l) => l.what === what && l.run?.head === run?.head && l.run?.tail === run?.tail)
    if (run !== null && open?.run != null && open.run.last + 1n === run.first) {
      open.run.last = run.first
      open.path = `${run.head}${hex(open.run.first)}..${hex(run.first)}${run.tail}`
      if (seq !== null) {
        open.first = Math.min(open.first ?? seq, seq)
        open.last = Math.max(open.last ?? seq, seq)
      }
    } else lines.push({ path: change.path, what, first: seq, last: seq, run })
  }
  return lines
}

/** Which events made a change: `events 38–98`. */
function eventsText({ first, last }: Line): string {
  if (first === null || last === null) return ''
  return first === 0 && last === 0 ? ' (baseline)' : first === last ? ` (event ${first})` : ` (events ${first}–${last})`
}

/** Changes, device by device, as a person reads them. */
export function changesText(
  changes: readonly Change[],
  seqs: ReadonlyMap<Change, number>,
  keyOf: (device: number | null) => string | null,
  style: Style,
): string {
  const out: string[] = []
  for (const [device, of] of Map.groupBy(changes, (c) => c.device)) {
    const key = keyOf(device)
    out.push(key === null ? style.bold('the machine') : style.name(key))
    const lines = linesOf(of, seqs)
    const width = Math.min(PATH_WIDTH_MAX, Math.max(...lines.map(({ path }) => widthOf(path))))
    for (const line of lines) out.push(clip(`  ${padEnd(line.path, width)}  ${line.what}${style.dim(eventsText(line))}`, style.cut))
  }
  return out.map((line) => `${line}\n`).join('')
}
