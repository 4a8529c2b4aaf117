/** Events as the page shows them: a stretch of them, those that an expression finds, and what led to one. */
import type { AnyEvent } from '@devtrail/events'
import { besideOf, besideText, dataInWords, eventFilter, eventRow, lookupBefore, OWNERLESS, type Names } from '@devtrail/survey'
import { parseExpression, why, type History, type HostClocks } from '@devtrail/time-travel'
import type { EventRow, Opened, Questions } from '../protocol.ts'
import type { OpenLog } from './open-log.ts'

/** Events that are told at once. */
const LIMIT_MAX = 1000

type Answer<Q extends keyof Questions> = Promise<ReturnType<Questions[Q]>>
type Of<Q extends keyof Questions> = Parameters<Questions[Q]>[0]

/** The events there are. */
type Range = Pick<Opened, 'firstSeq' | 'lastSeq'>

function rowOf(names: Names, event: AnyEvent, clocks: HostClocks): EventRow {
  const device = names.of(event)
  const uncertainty = event.host === undefined ? undefined : clocks.at(event.host, event.seq)?.uncertainty
  const row = eventRow(names, event, 6, clocks) as unknown as EventRow
  return { ...row, ns: event.time, uncertaintyNs: uncertainty ?? null, words: dataInWords(names, event, device, 6) }
}

/** The row of an event. */
async function rowAt(history: History, names: Names, seq: number): Promise<EventRow> {
  return rowOf(names, (await history.events([seq])).get(seq)!, await history.clocks())
}

export async function eventsIn(
  { reader, history }: OpenLog,
  { firstSeq }: Range,
  names: Names,
  { from, to }: Of<'events'>,
): Answer<'events'> {
  const rows: EventRow[] = []
  const clocks = await history.clocks()
  const first = Math.max(firstSeq, from)
  if (first > to) return rows
  for await (const event of reader.read({ from: first, to: Math.min(to, first + LIMIT_MAX) })) rows.push(rowOf(names, event, clocks))
  return rows
}

export async function findEvents(
  history: History,
  { firstSeq, lastSeq }: Range,
  names: Names,
  { where, device, from, backwards, limit }: Of<'find'>,
): Answer<'find'> {
  const filter = where.trim() === '' ? null : eventFilter(parseExpression(where), () => names)
  const fits = (event: AnyEvent): boolean => {
    if (device !== null) {
      const id = names.of(event)
      if ((id === null ? OWNERLESS : names.device(id)) !== device) return false
    }
    return filter === null || filter.truth(event) === true
  }
  const types = (type: string): boolean => filter === null || filter.mayFit(type)
  const rows: EventRow[] = []
  for (let at = from; rows.length < Math.min(limit, LIMIT_MAX) && at >= firstSeq && at <= lastSeq;) {
    const seq = await history.search(at, backwards ? firstSeq : lastSeq, types, fits)
    if (seq === null) break
    rows.push(await rowAt(history, names, seq))
    at = backwards ? seq - 1 : seq + 1
  }
  return rows
}

export async function whyEvent(history: History, names: Names, seq: number): Answer<'why'> {
  const told = await why(history, seq)
  if (told === null) return null
  const clocks = await history.clocks()
  const beside = await besideOf(history, told.event)
  const lookup = await lookupBefore(history, [told.event, ...told.causes.map(({ event }) => event)])
  return {
    event: rowOf(names, told.event, clocks),
    causes: told.causes.map(({ event, distance, ledTo }) => ({ ...rowOf(names, event, clocks), distance, ledTo })),
    lookup: lookup === null ? null : rowOf(names, lookup, clocks),
    beside: beside === null ? null : besideText(beside),
  }
}
