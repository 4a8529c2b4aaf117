import type { AnyEvent, Json, Violation } from '@devtrail/events'
import type { Cause } from '@devtrail/time-travel'
import { eventRow, type Names } from '@devtrail/survey'
import { columnsFor, eventLine } from './event.ts'
import type { Style } from './style.ts'
import { clip } from './text.ts'
import { groupsOf, violationJson, violationText } from './violation.ts'

/** What is told of an event. */
export interface Told {
  readonly event: AnyEvent
  /** What led to it, nearest first. */
  readonly causes: readonly Cause[]
  /** By which whoever took a page came to it. */
  readonly lookup: AnyEvent | null
  /** The broken rules that explain it, and the events that prove them. */
  readonly broken: readonly Violation[]
  readonly proofs: ReadonlyMap<number, AnyEvent>
}

/** An event and what led to it, nearest first; then what is no recorded cause, and said to be none: the lookup, and broken rules. */
export function whyText({ event, causes, lookup, broken, proofs }: Told, names: Names, style: Style, digits: 6 | 9): string {
  const events = [event, ...causes.map((cause) => cause.event)]
  const columns = columnsFor(lookup === null ? events : [...events, lookup], names)
  const line = (one: AnyEvent): string => `${clip(eventLine(names, one, style, digits, columns), style.cut)}\n`
  const none =
    causes.length > 0 ? '' : style.dim(`no cause of it is recorded${broken.length > 0 ? '' : ', and no rule was broken with it'}\n`)
  const through = lookup === null ? '' : `${style.dim('through the lookup')}\n${line(lookup)}`
  const report = { events: proofs, names, style, digits }
  const rules = groupsOf(broken).map((group) => violationText(group, report))
  const explained = rules.length === 0 ? '' : `${style.dim('explained by a broken rule, and what proves it')}\n${rules.join('\n')}`
  return `${events.map(line).join('')}${none}${through}${explained}`
}

/** The same for programs; `explainedBy` are the broken rules, each with the events that prove it. */
export function whyJson({ event, causes, lookup, broken, proofs }: Told, names: Names, digits: 6 | 9): { readonly [field: string]: Json } {
  const row = (one: AnyEvent): { [field: string]: Json } => eventRow(names, one, digits)
  return {
    seq: event.seq,
    event: row(event),
    chain: causes.map((cause) => ({ ...row(cause.event), distance: cause.distance, ledTo: cause.ledTo })),
    ...(lookup === null ? {} : { lookup: row(lookup) }),
    ...(broken.length === 0
      ? {}
      : {
          explainedBy: broken.map((violation) => ({
            ...violationJson(violation, names, digits),
            events: violation.evidence.flatMap((seq) => proofs.get(seq) ?? []).map(row),
          })),
        }),
  }
}
