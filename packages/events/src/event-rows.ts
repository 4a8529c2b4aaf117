import type { EventDeclaration, Vocabulary } from './declare.ts'
import type { Actor, AnyEvent } from './envelope.ts'
import type { Field } from './field.ts'

/** The place of each field in the rows of a declaration's events. */
export type Places<D extends EventDeclaration> = { readonly [N in keyof D['fields']]: number }

/** Which column holds each field. */
export function placesOf<const D extends EventDeclaration>(declaration: D): Places<D> {
  return Object.fromEntries(Object.keys(declaration.fields).map((name, i) => [name, i])) as Places<D>
}

/** A kernel pointer of two halves as an event has it. */
export const pointerOf = (high: number, low: number): string =>
  high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`

const isHalf = (n: number): boolean => n >>> 0 === n

/** Whether values of a kind have two halves. */
const isWide = ({ kind }: Field): boolean => kind === 'pointer' || kind === 'u64'

function valueOf({ kind, values }: Field, low: number, high: number): unknown {
  if (Number.isNaN(low)) return null
  // What is no value of its kind stays a number: whoever checks the event finds it.
  switch (kind) {
    case 'bool':
      return low === 1 || (low === 0 ? false : low)
    case 'enum':
      return values![low] ?? low
    case 'pointer':
      return isHalf(low) && isHalf(high) ? pointerOf(high, low) : low
    case 'u64':
      return isHalf(low) && isHalf(high) ? (BigInt(high) << 32n) | BigInt(low) : low
    default:
      return low
  }
}

const halves = new Uint32Array(2)

/** A value in numbers: the lower half, or all of it; the upper one in `halves`. Undefined when it has no such form. */
function toNumbers({ kind, values }: Field, value: unknown): number | undefined {
  if (value === null) return Number.NaN
  if (kind === 'bool') return value === true ? 1 : 0
  if (kind === 'enum') return values!.indexOf(value as string)
  if (kind !== 'u64' && kind !== 'pointer') return value as number
  if (kind === 'pointer' && !/^0x(?:0|[1-9a-f][\da-f]{0,15})$/.test(value as string)) return undefined
  const word = BigInt(value as string | bigint)
  halves[1] = Number(word >> 32n)
  return Number(word & 0xffff_ffffn)
}

/**
 * The fields of rows of one type, a column each, in the order of the declaration (`placesOf`). NaN in `low` is null; of a bool it is 0 or 1; of an
 * enum the place among its values; of a pointer or a u64 the lower half, and the upper one in `high`. Strings and texts have no such form.
 */
export class TypeRows {
  readonly type: string
  readonly declaration: EventDeclaration
  readonly low: readonly Float64Array[]
  /** Of fields without an upper half empty. */
  readonly high: readonly Float64Array[]
  /** How many rows there are. */
  count = 0

  /** `room`: for how many rows. @throws Error when a field is text. */
  constructor(type: string, declaration: EventDeclaration, room: number) {
    const fields = Object.entries(declaration.fields)
    const text = fields.find(([, { kind }]) => kind === 'string' || kind === 'text')
    if (text !== undefined) throw new Error(`${type} has no rows: ${text[0]} is text`)
    this.type = type
    this.declaration = declaration
    this.low = fields.map(() => new Float64Array(room))
    this.high = fields.map(([, field]) => new Float64Array(isWide(field) ? room : 0))
  }

  /** The data of one of them. */
  data(row: number): AnyEvent['data'] {
    return Object.fromEntries(
      Object.entries(this.declaration.fields).map(([name, field], i) => [
        name,
        valueOf(field, this.low[i]![row]!, this.high[i]![row] ?? 0),
      ]),
    )
  }

  /** Adds a row. @returns false, with nothing added, when the data has no such form */
  push(data: AnyEvent['data']): boolean {
    const row = this.count
    for (const [i, [name, field]] of Object.entries(this.declaration.fields).entries()) {
      const low = toNumbers(field, data[name])
      if (low === undefined) return false
      this.low[i]![row] = low
      this.high[i]![row] = halves[1]!
    }
    this.count++
    return true
  }
}

/** Where rows come from: what is the same for all hits of a probe. */
export interface RowOrigin {
  readonly rows: TypeRows
  readonly source: string
  readonly where: string
}

/**
 * A run of events in numbers, as the columns of a log have them: for who says millions of them. They follow each other; what surrounds them stands
 * in columns from `from` on, what they hold in those of their type, there in the same order. It must not be kept: the next run may be in the same columns.
 */
export class EventRows {
  /** Sequence number of the first. */
  seq = 0
  count = 0
  /** Where the first stands in the columns. */
  from = 0
  entry: Float64Array = new Float64Array(0)
  time: Float64Array = new Float64Array(0)
  cpu: Uint32Array = new Uint32Array(0)
  /** The event that led to each; 0: none. */
  cause: Float64Array = new Float64Array(0)
  /** Places in the tables, which only grow as long as they are the same. */
  actor: Uint32Array = new Uint32Array(0)
  context: Uint32Array = new Uint32Array(0)
  origin: Uint32Array = new Uint32Array(0)
  actors: readonly Actor[] = []
  contexts: readonly string[] = []
  /** A place that no row has may have none. */
  origins: readonly (RowOrigin | undefined)[] = []

  /** One of them as an event of its own; it is number `row` of those of its type. */
  event(i: number, row: number): AnyEvent {
    const at = this.from + i
    const { rows, source, where } = this.origins[this.origin[at]!]!
    return {
      seq: this.seq + i,
      entry: this.entry[at]!,
      time: this.time[at]!,
      device: null,
      cpu: this.cpu[at]!,
      actor: this.actors[this.actor[at]!]!,
      cause: this.cause[at] === 0 ? [] : [this.cause[at]!],
      context: this.contexts[this.context[at]!]!,
      source,
      where,
      type: rows.type,
      data: rows.data(row),
    }
  }

  /** All of them as events of their own. */
  *events(): Generator<AnyEvent> {
    const seen = new Map<TypeRows, number>()
    for (let i = 0; i < this.count; i++) {
      const { rows } = this.origins[this.origin[this.from + i]!]!
      const row = seen.get(rows) ?? 0
      seen.set(rows, row + 1)
      yield this.event(i, row)
    }
  }
}

function placeIn<T>(list: T[], item: T, isSame: (a: T) => boolean): number {
  const known = list.findIndex(isSame)
  return known >= 0 ? known : list.push(item) - 1
}

/** Events that follow each other as rows; null when one has no such form: it has a device, a host, no entry or task, several causes, text. */
export function rowsOf(events: readonly AnyEvent[], vocabulary: Vocabulary): EventRows | null {
  const rows = new EventRows()
  const [actors, contexts, origins]: [Actor[], string[], RowOrigin[]] = [[], [], []]
  const types = new Map<string, TypeRows>()
  const n = events.length
  const columns = { entry: new Float64Array(n), time: new Float64Array(n), cause: new Float64Array(n), cpu: new Uint32Array(n) }
  const places = { actor: new Uint32Array(n), context: new Uint32Array(n), origin: new Uint32Array(n) }
  Object.assign(rows, columns, places, { seq: events[0]?.seq ?? 0, count: n, actors, contexts, origins })
  for (const [i, event] of events.entries()) {
    const { type, entry, time, device, cpu, actor, cause, context, source, where } = event
    if (device !== null || entry === null || cpu === null || actor === null || cause.length > 1) return null
    if (event.inferred === true || event.unordered === true || event.host !== undefined) return null
    if (context === undefined || source === undefined || where === undefined || cause[0] === 0) return null
    const declaration = vocabulary.get(type)
    if (Object.values(declaration.fields).some(({ kind }) => kind === 'string' || kind === 'text')) return null
    let ofType = types.get(type)
    if (ofType === undefined) types.set(type, (ofType = new TypeRows(type, declaration, n)))
    if (!ofType.push(event.data)) return null
    columns.entry[i] = entry
    columns.time[i] = time
    columns.cpu[i] = cpu
    columns.cause[i] = cause[0] ?? 0
    places.actor[i] = placeIn(actors, actor, ({ pid, comm }) => pid === actor.pid && comm === actor.comm)
    places.context[i] = placeIn(contexts, context, (c) => c === context)
    const origin = { rows: ofType, source, where }
    places.origin[i] = placeIn(origins, origin, (o) => o.rows === ofType && o.source === source && o.where === where)
  }
  return rows
}
