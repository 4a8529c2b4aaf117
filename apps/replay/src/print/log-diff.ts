import { eventsAt, number, plural, type ChangeBeside, type LogDiff, type LogSide } from '@devtrail/survey'
import { changesText } from './change.ts'
import { columnsFor, eventLine } from './event.ts'
import type { Style } from './style.ts'
import { clip, visible } from './text.ts'

/** Events of a kind that are shown; the rest is counted. */
const SHOWN_MAX = 8

interface Printed {
  readonly diff: LogDiff
  readonly changes: readonly ChangeBeside[]
  readonly devices: { readonly onlyHere: readonly string[]; readonly onlyThere: readonly string[] }
  readonly sides: readonly [LogSide, LogSide]
  readonly names: readonly [string, string]
  readonly style: Style
  readonly digits: 6 | 9
}

async function eventsText(title: string, seqs: readonly number[], side: LogSide, { style, digits }: Printed): Promise<string> {
  if (seqs.length === 0) return ''
  const { names } = side
  const shown = [...(await eventsAt(side.source, seqs.slice(0, SHOWN_MAX))).values()]
  const columns = columnsFor(shown, names)
  const lines = shown.map((event) => `${clip(`  ${eventLine(names, event, style, digits, columns)}`, style.cut)}\n`)
  const rest = seqs.length - shown.length
  return `\n${style.bold(title)}\n${lines.join('')}${rest > 0 ? style.dim(`    ⋮  ${number(rest)} more\n`) : ''}`
}

/** Of those that differ in the same fields the first, and how many there are. */
function changedText({ changed }: LogDiff, { sides, style, digits }: Printed): string {
  if (changed.length === 0) return ''
  const [mine, others] = [sides[0].names, sides[1].names]
  const line = (text: string): string => `${clip(`  ${text}`, style.cut)}\n`
  const kinds = [...Map.groupBy(changed, ({ here, fields }) => `${here.type} in ${fields.join(', ')}`)]
  const lines = kinds.slice(0, SHOWN_MAX).flatMap(([kind, pairs]) => {
    const { here, there } = pairs[0]!
    const columns = columnsFor([here, there], mine)
    return [
      `${kind}: ${plural(pairs.length, 'event')}, the first of them\n`,
      line(eventLine(mine, here, style, digits, columns)),
      line(eventLine(others, there, style, digits, columns)),
    ]
  })
  const rest = kinds.length - SHOWN_MAX
  return `\n${style.bold('the same event, told differently')}\n${lines.join('')}${rest > 0 ? style.dim(`    ⋮  ${number(rest)} more kinds\n`) : ''}`
}

function countsText(title: string, counts: ReadonlyMap<string, number>, { style }: Printed): string {
  if (counts.size === 0) return ''
  const all = [...counts.values()].reduce((sum, n) => sum + n, 0)
  return style.dim(`${title}: ${plural(counts.size, 'type')} with ${plural(all, 'event')}, not compared\n`)
}

const at = (seq: number | null, name: string | undefined): string => (seq === null ? `nothing of ${name}` : `event ${seq} of ${name}`)

/** What is different of two logs, as a person reads it: what first, then what only one has, then what is left of it at the end. */
export async function logDiffText(printed: Printed): Promise<string> {
  const { diff, changes, devices, sides, style } = printed
  const [a, b] = printed.names.map(visible)
  const { first, same, onlyHere, onlyThere, typesOnlyHere, typesOnlyThere, notCompared } = diff
  const beginning =
    first === null
      ? `${style.good('no event is different')}: ${plural(same, 'event')} the same\n`
      : `first different: ${at(first.here, a)}, ${at(first.there, b)}; ${plural(same, 'event')} the same\n`
  const ids = new Map<string, number>()
  const keyOf = (id: number | null): string | null => [...ids].find(([, n]) => n === id)?.[0] ?? null
  const numbered = changes.map(({ key, change }) => {
    if (key !== null && !ids.has(key)) ids.set(key, ids.size + 1)
    return { ...change, device: key === null ? null : ids.get(key)! }
  })
  return [
    style.dim(`${a} ↔ ${b}\n`),
    beginning,
    countsText(`only in ${a}`, typesOnlyHere, printed),
    countsText(`only in ${b}`, typesOnlyThere, printed),
    devices.onlyHere.length > 0 ? `devices only in ${a}: ${devices.onlyHere.map(visible).join(', ')}\n` : '',
    devices.onlyThere.length > 0 ? `devices only in ${b}: ${devices.onlyThere.map(visible).join(', ')}\n` : '',
    notCompared.length > 0
      ? style.warn(
          `too much is different of ${notCompared.map((key) => visible(key || 'what is no device’s')).join(', ')} to be laid beside one another\n`,
        )
      : '',
    await eventsText(`only in ${a}`, onlyHere, sides[0], printed),
    await eventsText(`only in ${b}`, onlyThere, sides[1], printed),
    changedText(diff, printed),
    changes.length === 0
      ? `\n${style.good('at the end nothing is different')}\n`
      : `\n${style.bold(`at the end, ${a} → ${b}`)}\n${changesText(numbered, new Map(), keyOf, style)}`,
  ].join('')
}
