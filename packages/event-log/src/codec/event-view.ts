/**
 * Events looked at in passing. One object stands for all events of an iteration, with one `data` for each type, whose
 * properties read the columns of the block at hand: so that folding millions of events makes no objects, and always sees
 * objects of the same few shapes.
 */
import type { Actor, AnyEvent, FieldCursor, HostId } from '@devtrail/events'
import type { StoredType } from './dictionary.ts'
import { storageOf } from './storage.ts'

/** The envelopes of a block's events, by their place in it; NaN stands for none in the columns of numbers. */
export interface EnvelopesInView {
  readonly entry: Float64Array
  readonly time: Float64Array
  readonly device: Float64Array
  readonly cpu: Float64Array
  seq(place: number): number
  actorAt(place: number): Actor | null
  causesAt(place: number): readonly number[]
  contextAt(place: number): string | undefined
  sourceAt(place: number): string | undefined
  whereAt(place: number): string | undefined
  inferredAt(place: number): true | undefined
  hostAt(place: number): HostId | undefined
  unorderedAt(place: number): true | undefined
}

/** A field as the block at hand has it. */
class Slot {
  #cursor: FieldCursor | null = null
  #numbers: Float64Array | null = null
  #value: ((row: number) => unknown) | null = null

  bind(cursor: FieldCursor): void {
    this.#cursor = cursor
    this.#numbers = null
    this.#value = null
  }

  number(row: number): number | null {
    const n = (this.#numbers ??= this.#cursor!.numbers)[row]!
    return n === n ? n : null
  }

  value(row: number): unknown {
    return (this.#value ??= this.#cursor!.value)(row)
  }
}

/** The events of one type. */
export class TypeView {
  readonly name: string
  readonly stored: StoredType
  readonly data: { readonly [field: string]: unknown } = {}
  row = 0
  readonly #slots: readonly Slot[]

  constructor(stored: StoredType) {
    this.name = stored.name
    this.stored = stored
    this.#slots = stored.fields.map(({ name, field }) => {
      const slot = new Slot()
      const get = storageOf(field) === 'int' ? () => slot.number(this.row) : () => slot.value(this.row)
      Object.defineProperty(this.data, name, { get, enumerable: true })
      return slot
    })
  }

  bind(fields: readonly FieldCursor[]): void {
    for (let i = 0; i < fields.length; i++) this.#slots[i]!.bind(fields[i]!)
  }
}

function sameType(a: StoredType, b: StoredType): boolean {
  return (
    a.name === b.name &&
    a.fields.length === b.fields.length &&
    a.fields.every(({ name, field }, i) => b.fields[i]!.name === name && b.fields[i]!.field.kind === field.kind)
  )
}

/** The event that turns into one after the other. */
class EventView implements AnyEvent {
  #block: EnvelopesInView | null = null
  #place = 0
  #type: TypeView | null = null

  show(block: EnvelopesInView, place: number, type: TypeView): void {
    this.#block = block
    this.#place = place
    this.#type = type
  }

  get seq(): number {
    return this.#block!.seq(this.#place)
  }

  get entry(): number | null {
    const entry = this.#block!.entry[this.#place]!
    return entry === entry ? entry : null
  }

  get time(): number {
    return this.#block!.time[this.#place]!
  }

  get device(): number | null {
    const device = this.#block!.device[this.#place]!
    return device === device ? device : null
  }

  get cpu(): number | null {
    const cpu = this.#block!.cpu[this.#place]!
    return cpu === cpu ? cpu : null
  }

  get actor(): Actor | null {
    return this.#block!.actorAt(this.#place)
  }

  get cause(): readonly number[] {
    return this.#block!.causesAt(this.#place)
  }

  get type(): string {
    return this.#type!.name
  }

  get data(): { readonly [field: string]: unknown } {
    return this.#type!.data
  }

  // What is absent cannot be told from undefined by who only looks.
  get context(): string {
    return this.#block!.contextAt(this.#place)!
  }

  get source(): string {
    return this.#block!.sourceAt(this.#place)!
  }

  get where(): string {
    return this.#block!.whereAt(this.#place)!
  }

  get inferred(): true {
    return this.#block!.inferredAt(this.#place)!
  }

  get host(): HostId {
    return this.#block!.hostAt(this.#place)!
  }

  get unordered(): true {
    return this.#block!.unorderedAt(this.#place)!
  }
}

/** The views of one iteration over blocks. */
export class EventViews {
  readonly #event = new EventView()
  readonly #types = new Map<string, TypeView>()

  /** The view of a type's events in a block. */
  of(stored: StoredType, fields: readonly FieldCursor[]): TypeView {
    let view = this.#types.get(stored.name)
    if (view === undefined || !sameType(view.stored, stored)) this.#types.set(stored.name, (view = new TypeView(stored)))
    view.bind(fields)
    return view
  }

  show(block: EnvelopesInView, place: number, type: TypeView): AnyEvent {
    this.#event.show(block, place, type)
    return this.#event
  }
}
