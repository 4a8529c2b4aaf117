import type { AnyEvent, Facts } from '@devtrail/events'
import { deviceAmong, type Mention, type MentioningField } from './mentions.ts'

/** First and last event of a device incarnation so far. */
export interface Span {
  first: number
  last: number
  events: number
}

/** Spans of devices, and of what may turn out to be theirs; plain data. */
export interface SpansState {
  devices: Map<number, Span>
  pagemaps: Map<number, Span>
  regions: Map<number, Span>
  /** Of events that name several such things, by those names. */
  several: Map<string, { mentions: Mention[]; span: Span }>
}

export const initialSpans = (): SpansState => ({ devices: new Map(), pagemaps: new Map(), regions: new Map(), several: new Map() })

function extend(span: Span, seq: number): void {
  span.last = seq
  span.events++
}

function count(spans: Map<number, Span>, id: number, seq: number): void {
  const span = spans.get(id)
  if (span === undefined) spans.set(id, { first: seq, last: seq, events: 1 })
  else extend(span, seq)
}

function countSeveral(state: SpansState, mentions: Mention[], seq: number): void {
  const key = mentions.map(({ kind, id }) => `${kind} ${id}`).join(' ')
  const known = state.several.get(key)
  if (known === undefined) state.several.set(key, { mentions, span: { first: seq, last: seq, events: 1 } })
  else extend(known.span, seq)
}

/** Counts an event for what it is about. Whose that is may become known later, so it is asked when spans are looked at. */
export function seeSpan(state: SpansState, event: AnyEvent, mentioning: readonly MentioningField[]): void {
  const { device, seq } = event
  if (device !== null) return count(state.devices, device, seq)
  let first: Mention['kind'] | null = null
  let firstId = 0
  let mentions: Mention[] | null = null
  for (let i = 0; i < mentioning.length; i++) {
    const { name, kind } = mentioning[i]!
    const id = event.data[name]
    if (typeof id !== 'number') continue
    if (first === null) {
      first = kind
      firstId = id
    } else {
      mentions ??= [{ kind: first, id: firstId }]
      mentions.push({ kind, id })
    }
    if (kind === 'device') break
  }
  if (mentions !== null) countSeveral(state, mentions, seq)
  else if (first === 'device') count(state.devices, firstId, seq)
  else if (first !== null) count(first === 'pagemap' ? state.pagemaps : state.regions, firstId, seq)
}

/** The spans of devices, as far as it is known what belongs to them. */
export function spansOf(state: SpansState, facts: Facts): Map<number, Span> {
  const spans = new Map<number, Span>()
  const add = (device: number | null, { first, last, events }: Span): void => {
    if (device === null) return
    const span = spans.get(device)
    if (span === undefined) return void spans.set(device, { first, last, events })
    span.first = Math.min(span.first, first)
    span.last = Math.max(span.last, last)
    span.events += events
  }
  for (const [id, span] of state.devices) add(id, span)
  for (const [id, span] of state.pagemaps) add(deviceAmong([{ kind: 'pagemap', id }], facts), span)
  for (const [id, span] of state.regions) add(deviceAmong([{ kind: 'region', id }], facts), span)
  for (const { mentions, span } of state.several.values()) add(deviceAmong(mentions, facts), span)
  return spans
}
