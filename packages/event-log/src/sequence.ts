import type { AnyEvent } from '@devtrail/events'
import type { ReadRange } from './contract.ts'
import { LogUsageError } from './errors.ts'

/** Whether `seq` may follow `last` (0: nothing yet, or the baseline). */
export function follows(last: number, seq: number): boolean {
  return seq === last + 1 || (seq === 0 && last === 0)
}

/** The numbers that may follow `last`, for messages. */
export function expectedAfter(last: number): string {
  return last === 0 ? 'seq 0 (baseline) or 1' : `seq ${last + 1}`
}

/** @throws LogUsageError `bad-sequence`, naming both numbers. */
export function mustFollow(last: number, { seq, type }: Pick<AnyEvent, 'seq' | 'type'>, of = ''): void {
  if (follows(last, seq)) return
  const late = seq === 0 ? '; the baseline comes before all other events' : ''
  throw new LogUsageError('bad-sequence', `cannot append ${type}: expected ${expectedAfter(last)}, found seq ${String(seq)}${of}${late}`)
}

function mustBeList(events: unknown): void {
  if (Array.isArray(events)) return
  const found = events === null ? 'null' : typeof events === 'object' ? 'an object' : typeof events
  throw new TypeError(`append takes a list of events, found ${found}; for one event there is take(event), or append([event])`)
}

/**
 * The `seq` after taking `events` onto a log that ends with `last`.
 * @throws LogUsageError `bad-sequence`, naming both numbers. TypeError for what is no list.
 */
export function sequenceAfter(last: number, events: readonly AnyEvent[]): number {
  mustBeList(events)
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!
    if (!follows(last, event.seq)) mustFollow(last, event, ` (event ${i + 1} of ${events.length})`)
    last = event.seq
  }
  return last
}

/** A range with nothing left open. */
export interface CheckedRange {
  readonly from: number
  readonly to: number
  /** Null: events without an entry, too. */
  readonly entries: { readonly from: number; readonly to: number } | null
  readonly fromTime: number
  readonly toTime: number
  readonly devices: ReadonlySet<number | null> | null
  readonly types: ReadonlySet<string> | null
}

function limits(name: string, from: number | undefined, to: number | undefined, least: number): { from: number; to: number } {
  for (const n of [from, to]) {
    if (n === undefined || n === Infinity || (least < 0 && n === -Infinity) || (Number.isSafeInteger(n) && n >= least)) continue
    throw new LogUsageError('bad-range', `a range's ${name} is a whole number${least < 0 ? '' : `, ${least} or more`}; found ${String(n)}`)
  }
  return { from: from ?? least, to: to ?? Infinity }
}

/** @throws LogUsageError `bad-range`. */
export function checkedRange(range: ReadRange = {}): CheckedRange {
  const { from, to } = limits('sequence number', range.from, range.to, 0)
  const { fromEntry, toEntry, fromTime, toTime, devices, types } = range
  const times = limits('time', fromTime, toTime, -Infinity)
  return {
    from,
    to,
    entries: fromEntry === undefined && toEntry === undefined ? null : limits('entry', fromEntry, toEntry, -Infinity),
    fromTime: times.from,
    toTime: times.to,
    devices: devices === undefined ? null : new Set(devices),
    types: types === undefined ? null : new Set(types),
  }
}

/** Whether an event is in a range. */
export function isInRange(range: CheckedRange, { seq, entry, time, device, type }: AnyEvent): boolean {
  const { entries, devices, types } = range
  if (seq < range.from || seq > range.to || time < range.fromTime || time > range.toTime) return false
  if (entries !== null && (entry === null || entry < entries.from || entry > entries.to)) return false
  return (devices === null || devices.has(device)) && (types === null || types.has(type))
}
