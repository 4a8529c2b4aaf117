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

function valueOf({ kind, values }: Field, low: number, high: number): unknown {
  if (Number.isNaN(low)) return null
  switch (kind) {
    case 'bool':
      return low === 1
    case 'enum':
      return values![low]
    case 'pointer':
      return pointerOf(high, low)
    case 'u64':
      return (BigInt(high) << 32n) | BigInt(low)
    default:
      return low
  }
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
