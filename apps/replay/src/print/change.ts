import { changeLines, type ChangeLine } from '@devtrail/survey'
import type { Change } from '@devtrail/time-travel'
import type { Style } from './style.ts'
import { clip, padEnd, widthOf } from './text.ts'
import { valueText } from './value.ts'

/** Fields of an element that are of it alone, or that its key says already. */
const OWN = new Set(['pfn', 'pages', 'since', 'idle', 'order', 'learntAt'])

/** The widest path that others line up with. */
const PATH_WIDTH_MAX = 60

function text(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value === false ? 'none' : valueText(value)
  return valueText(Object.fromEntries(Object.entries(value).filter(([name]) => !OWN.has(name))), 1)
}

const isTruth = (v: unknown): boolean => typeof v === 'boolean' || v === null

const isSomething = (v: unknown): boolean => v !== null && v !== false

function whatOf({ from, to, perhaps }: Change): string {
  const say = isTruth(from) && isTruth(to) ? valueText : text
  const before = perhaps?.from === true && isSomething(from) ? 'perhaps ' : ''
  const after = perhaps?.to === true && isSomething(to) ? 'perhaps ' : ''
  return `${before}${say(from)} → ${after}${say(to)}`
}

/** Which events made a change: `events 38–98`. */
function eventsText({ first, last }: Pick<ChangeLine<Change>, 'first' | 'last'>): string {
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
    const lines = changeLines(of, whatOf, (change) => seqs.get(change) ?? null)
    const width = Math.min(PATH_WIDTH_MAX, Math.max(...lines.map(({ path }) => widthOf(path))))
    for (const line of lines)
      out.push(clip(`  ${padEnd(line.path, width)}  ${whatOf(line.change)}${style.dim(eventsText(line))}`, style.cut))
  }
  return out.map((line) => `${line}\n`).join('')
}
