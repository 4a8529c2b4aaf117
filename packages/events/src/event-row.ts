import type { EventDeclaration } from './declare.ts'
import type { Actor, AnyEvent } from './envelope.ts'
import type { Field } from './field.ts'

/** The place of each field in a row of a declaration's events. */
export type Places<D extends EventDeclaration> = { readonly [N in keyof D['fields']]: number }

/** Where the values of each field stand in a row. */
export function placesOf<const D extends EventDeclaration>(declaration: D): Places<D> {
  return Object.fromEntries(Object.keys(declaration.fields).map((name, i) => [name, i])) as Places<D>
}

/** A kernel pointer of two halves as an event has it. */
export const pointerOf = (high: number, low: number): string =>
  high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`

const isHalf = (n: number): boolean => n >>> 0 === n

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

/** A value in numbers: its halves in `into`. @returns false when it has no such form */
function toNumbers({ kind, values }: Field, value: unknown, into: [low: number, high: number]): boolean {
  into[1] = 0
  if (value === null) into[0] = Number.NaN
  else if (kind === 'bool') into[0] = value === true ? 1 : 0
  else if (kind === 'enum') into[0] = values!.indexOf(value as string)
  else if (kind === 'u64' || kind === 'pointer') {
    if (kind === 'pointer' && !/^0x(?:0|[1-9a-f][\da-f]{0,15})$/.test(value as string)) return false
    const word = BigInt(value as string | bigint)
    into[0] = Number(word & 0xffff_ffffn)
    into[1] = Number(word >> 32n)
  } else into[0] = value as number
  return true
}

/**
 * An event of a recording in numbers, as the columns of a log have them: for who says millions of them. One object is event after
 * event of its type, and must not be kept. Each field has a place (`placesOf`): NaN in `low` is null; of a bool 0 or 1; of an enum the
 * place among its values; of a pointer or a u64 the lower half, and the upper one in `high`. Strings and texts have no such form.
 */
export class EventRow {
  readonly type: string
  readonly declaration: EventDeclaration
  readonly low: Float64Array
  readonly high: Float64Array
  seq = 0
  entry = 0
  time = 0
  cpu = 0
  actor: Actor = { pid: 0, comm: '' }
  /** The event that led to it; 0: none. */
  cause = 0
  context = ''
  source = ''
  where = ''

  /** @throws Error when a field is text. */
  constructor(type: string, declaration: EventDeclaration) {
    const fields = Object.entries(declaration.fields)
    const text = fields.find(([, { kind }]) => kind === 'string' || kind === 'text')
    if (text !== undefined) throw new Error(`${type} has no rows: ${text[0]} is text`)
    this.type = type
    this.declaration = declaration
    this.low = new Float64Array(fields.length)
    this.high = new Float64Array(fields.length)
  }

  /** Becomes an event of its type. @returns false, being none, when that has no such form: it has a device, a host, no entry or task, several causes. */
  become(event: AnyEvent): boolean {
    const { seq, entry, time, device, cpu, actor, cause, context, source, where } = event
    if (device !== null || entry === null || cpu === null || actor === null || cause.length > 1) return false
    if (event.inferred === true || event.unordered === true || event.host !== undefined) return false
    if (context === undefined || source === undefined || where === undefined || cause[0] === 0) return false
    const halves: [number, number] = [0, 0]
    for (const [i, [name, field]] of Object.entries(this.declaration.fields).entries()) {
      if (!toNumbers(field, event.data[name], halves)) return false
      ;[this.low[i], this.high[i]] = halves
    }
    Object.assign(this, { seq, entry, time, cpu, actor, cause: cause[0] ?? 0, context, source, where })
    return true
  }

  /** The same as an event of its own. */
  event(): AnyEvent {
    const { seq, entry, time, cpu, actor, cause, context, source, where, type } = this
    const data = Object.fromEntries(
      Object.entries(this.declaration.fields).map(([name, field], i) => [name, valueOf(field, this.low[i]!, this.high[i]!)]),
    )
    const envelope = { seq, entry, time, device: null, cpu, actor, cause: cause === 0 ? [] : [cause], context, source, where }
    return { ...envelope, type, data }
  }
}
