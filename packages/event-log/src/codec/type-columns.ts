import type { EventDeclaration, TypeRows } from '@devtrail/events'
import { EVENT_CHARS_MAX } from '../limits.ts'
import { REFUSED, type FieldColumn } from './field-column.ts'

/** The columns of one event type. */
export class TypeColumns {
  readonly name: string
  readonly id: number
  readonly declaration: EventDeclaration
  readonly columns: readonly FieldColumn[]
  /** The columns in the order in which the newest object had its fields. */
  #ordered: readonly FieldColumn[]
  /** Events of the type in the block. */
  count = 0
  /** Its number in the block, from 0. */
  local = 0

  constructor(name: string, id: number, declaration: EventDeclaration, columns: readonly FieldColumn[]) {
    this.name = name
    this.id = id
    this.declaration = declaration
    this.columns = columns
    this.#ordered = columns
  }

  /** Takes an event's data in. @returns its characters; REFUSED, with nothing taken, unless it has just the declared fields. */
  take(data: object): number {
    const taken = this.#takeAsOrdered(data)
    return taken === REFUSED && this.#reorder(data) ? this.#takeAsOrdered(data) : taken
  }

  /** Takes the fields of rows in, from one to another. @returns the characters of all; REFUSED, with nothing taken, when one cannot be stored. */
  takeRows({ low, high }: TypeRows, from: number, to: number): number {
    const { columns } = this
    let chars = 0
    for (let i = 0; i < columns.length; i++) {
      const taken = columns[i]!.takeNumbers(low[i]!, high[i]!, from, to)
      if (taken === REFUSED) {
        for (let taken = 0; taken < i; taken++) columns[taken]!.drop(to - from)
        return REFUSED
      }
      chars += taken
    }
    return chars
  }

  #takeAsOrdered(data: object): number {
    const columns = this.#ordered
    let chars = 0
    let i = 0
    for (const name in data) {
      const column = columns[i]
      const taken = column !== undefined && column.name === name ? column.take((data as Record<string, unknown>)[name]) : REFUSED
      if (taken === REFUSED) {
        this.#drop(i)
        return REFUSED
      }
      chars += taken
      i++
    }
    if (i === columns.length && chars <= EVENT_CHARS_MAX) return chars
    this.#drop(i)
    return REFUSED
  }

  /** @returns whether the object has just the declared fields, and in another order than those before. */
  #reorder(data: object): boolean {
    const names = Object.keys(data)
    const ordered = names.map((name) => this.columns.find((column) => column.name === name))
    if (names.length !== this.columns.length || !ordered.every((column) => column !== undefined)) return false
    if (names.every((name, i) => this.#ordered[i]!.name === name)) return false
    this.#ordered = ordered
    return true
  }

  #drop(n: number): void {
    for (let i = 0; i < n; i++) this.#ordered[i]!.drop()
  }

  /** Lets go of the newest events. */
  drop(events = 1): void {
    for (const column of this.columns) column.drop(events)
  }
}
