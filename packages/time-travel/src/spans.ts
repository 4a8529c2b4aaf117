import type { AnyEvent, Facts, HostId } from '@devtrail/events'
import { deviceAmong, type Mention, type MentioningField } from './mentions.ts'

/** First and last event of a device incarnation so far. */
export interface Span {
  first: number
  last: number
  events: number
}

/** A span of events that mention the same, with the last of them of each type. */
export interface TypedSpan extends Span {
  types: Map<string, number>
}

/** Spans of devices, and of what may turn out to be theirs; plain data. */
export interface SpansState {
  devices: Map<number, TypedSpan>
  pagemaps: Map<number, TypedSpan>
  regions: Map<number, TypedSpan>
  /** Of events that name several such things, by those names. */
  several: Map<string, { mentions: Mention[]; span: TypedSpan }>
  /** The last event of each type that names none, by host (0 in a log of one). */
  others: Map<HostId, Map<string, number>>
  /** The first event that named a pagemap or a node, also of those of a device. */
  named: { pagemap: Map<number, number>; region: Map<number, number> }
}

export const initialSpans = (): SpansState => ({
  devices: new Map(),
  pagemaps: new Map(),
  regions: new Map(),
  several: new Map(),
  others: new Map(),
  named: { pagemap: new Map(), region: new Map() },
})

/** How many pagemaps and nodes were named so far. */
export const namedSoFar = ({ named }: SpansState): number => named.pagemap.size + named.region.size

function extend(span: TypedSpan, type: string, seq: number): void {
  span.last = seq
  span.events++
  span.types.set(type, seq)
}

const newSpan = (type: string, seq: number): TypedSpan => ({ first: seq, last: seq, events: 1, types: new Map([[type, seq]]) })

function count(spans: Map<number, TypedSpan>, id: number, type: string, seq: number): void {
  const span = spans.get(id)
  if (span === undefined) spans.set(id, newSpan(type, seq))
  else extend(span, type, seq)
}

function countSeveral(state: SpansState, mentions: Mention[], type: string, seq: number): void {
  const key = mentions.map(({ kind, id }) => `${kind} ${id}`).join(' ')
  const known = state.several.get(key)
  if (known === undefined) state.several.set(key, { mentions, span: newSpan(type, seq) })
  else extend(known.span, type, seq)
}

function seeOther({ others }: SpansState, host: HostId, type: string, seq: number): void {
  const ofHost = others.get(host)
  if (ofHost === undefined) others.set(host, new Map([[type, seq]]))
  else ofHost.set(type, seq)
}

/**
 * Counts an event for what it is about. Whose that is may become known later, so it is asked when spans are looked at.
 * `mentioning`: the fields of its type that mention something; null of a type that nobody declares.
 */
export function seeSpan(state: SpansState, event: AnyEvent, mentioning: readonly MentioningField[] | null): void {
  const { device, seq, type } = event
  if (device !== null) count(state.devices, device, type, seq)
  if (mentioning === null) return
  let first: Mention['kind'] | null = null
  let firstId = 0
  let mentions: Mention[] | null = null
  for (let i = 0; i < mentioning.length; i++) {
    const { name, kind } = mentioning[i]!
    const id = event.data[name]
    if (typeof id !== 'number') continue
    if (kind !== 'device' && !state.named[kind].has(id)) state.named[kind].set(id, seq)
    if (first === null) {
      first = kind
      firstId = id
    } else {
      mentions ??= [{ kind: first, id: firstId }]
      mentions.push({ kind, id })
    }
    if (kind === 'device') break
  }
  if (device !== null) return
  if (mentions !== null) countSeveral(state, mentions, type, seq)
  else if (first === 'device') count(state.devices, firstId, type, seq)
  else if (first !== null) count(first === 'pagemap' ? state.pagemaps : state.regions, firstId, type, seq)
  else seeOther(state, event.host ?? 0, type, seq)
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
  for (const [mentions, span] of mentionedSpans(state)) add(deviceAmong(mentions, facts), span)
  return spans
}

/** Every span, with what its events mention. */
export function* mentionedSpans(state: SpansState): Generator<readonly [readonly Mention[], TypedSpan]> {
  for (const [id, span] of state.devices) yield [[{ kind: 'device', id }], span]
  for (const [id, span] of state.pagemaps) yield [[{ kind: 'pagemap', id }], span]
  for (const [id, span] of state.regions) yield [[{ kind: 'region', id }], span]
  for (const { mentions, span } of state.several.values()) yield [mentions, span]
}
