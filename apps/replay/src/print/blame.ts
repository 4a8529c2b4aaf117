import type { AnyEvent } from '@devtrail/events'
import { NOTHING, why, type Blame, type History, type Moment } from '@devtrail/time-travel'
import { lookupBefore, type Names } from '@devtrail/survey'
import { evidenceLines } from './evidence.ts'
import { momentText } from './moment.ts'
import type { Style } from './style.ts'
import { valueText } from './value.ts'

/** How many steps of causes are shown below the event. */
const CAUSES_SHOWN = 4

function whence({ seq, before, value }: Blame): string {
  if (seq === 0) return 'the baseline says so'
  if (seq === null) return value.value === null ? 'no event up to there tells' : 'it was so before the first event'
  if (before === null) return `it was so before the first event; event ${seq} told it`
  return `since event ${seq}; before that ${before.value === null ? 'it was not known' : before.value === NOTHING ? 'there was none' : valueText(before.value)}`
}

/** What was asked, and what came of it. */
export interface Blamed {
  readonly path: string
  /** The device's key; null: it is of the machine as a whole. */
  readonly key: string | null
  readonly at: Moment
  readonly blame: Blame
}

/** An event with what led to it, and the lookup by which whoever took a page came to it. */
export async function blamedThrough(history: History, event: AnyEvent): Promise<{ behind: AnyEvent[]; lookup: AnyEvent | null }> {
  const causes = (await why(history, event.seq))?.causes.filter(({ distance }) => distance <= CAUSES_SHOWN) ?? []
  const behind = [event, ...causes.map((c) => c.event)]
  return { behind, lookup: await lookupBefore(history, behind) }
}

/** A value, the event that gave it, and what led to that, as a person reads it. */
export async function blameText(
  { path, key, at, blame }: Blamed,
  history: History,
  names: Names,
  style: Style,
  digits: 6 | 9,
): Promise<string> {
  const { value, event } = blame
  const of = key === null ? '' : ` of ${style.name(key)}`
  const perhaps = value.orNothing ? style.warn(' (perhaps: it may be gone, or of another device)') : ''
  const head = `${style.bold(path)}${of} is ${style.bold(valueText(value.value))}${perhaps} ${style.dim(momentText(at, digits))}\n${whence(blame)}\n`
  if (event === null) return head
  const { behind, lookup } = await blamedThrough(history, event)
  const through = lookup === null ? '' : `; through the lookup of event ${lookup.seq}`
  const lines = evidenceLines(lookup === null ? behind : [lookup, ...behind], names, style, digits)
  return `${head.replace(/\n$/, '')}${through}\n${lines.map((line) => `  ${line}\n`).join('')}`
}
