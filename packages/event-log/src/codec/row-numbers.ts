import type { Actor, EventRows, TypeRows } from '@devtrail/events'
import { EVENT_CHARS_MAX } from '../limits.ts'
import type { DictionaryWriter } from './dictionary.ts'
import { isWholeNumber } from './numbers.ts'
import type { TypeColumns } from './type-columns.ts'

/** The rows of one type that are to be taken in, by their places in its columns. */
export interface RowPart {
  readonly type: TypeColumns
  readonly rows: TypeRows
  from: number
  to: number
}

/** What an entry of a table is that cannot be stored. */
export const NO_NUMBER = -1

const isShort = (text: unknown, max: number): boolean => typeof text === 'string' && text.length < max

/** By places in a table: the numbers of its entries; undefined of one that was not asked for yet. */
type TableNumbers = (number | undefined)[]

/**
 * What the tables of rows are in a segment, each entry asked for once (a table is that of millions of rows), and which of its columns the rows at
 * hand belong to.
 */
export class RowNumbers {
  readonly #dictionary: DictionaryWriter
  #origins: EventRows['origins'] = []
  #actorTable: readonly Actor[] = []
  #contextTable: readonly string[] = []
  #actors: TableNumbers = []
  #contexts: TableNumbers = []
  /** Of the texts of each origin. */
  readonly sources: number[] = []
  readonly wheres: number[] = []
  /** The part that the rows of each origin belong to. */
  readonly #partOf: (RowPart | undefined)[] = []
  #all: RowPart[] = []
  #parts: RowPart[] = []

  constructor(dictionary: DictionaryWriter) {
    this.#dictionary = dictionary
  }

  /** Where the rows at hand stand in the columns of each type, in the order of their first ones. */
  get parts(): readonly RowPart[] {
    return this.#parts
  }

  /** What of the actors is known so far. */
  get actors(): TableNumbers {
    return this.#actors
  }

  get contexts(): TableNumbers {
    return this.#contexts
  }

  /** What the type of each origin is in the block, once its part was taken in. */
  locals(): number[] {
    return this.#partOf.map((part) => part?.type.local ?? 0)
  }

  /** The number of an actor. */
  actor(place: number): number {
    const actor = this.#actorTable[place]
    const isSound = actor !== undefined && isWholeNumber(actor.pid) && isShort(actor.comm, EVENT_CHARS_MAX / 4 + 1)
    return (this.#actors[place] = isSound ? this.#dictionary.actor(actor) : NO_NUMBER)
  }

  /** The number of a context. */
  context(place: number): number {
    return (this.#contexts[place] = this.#text(this.#contextTable[place]))
  }

  #text(text: string | undefined): number {
    return isShort(text, EVENT_CHARS_MAX / 4) ? this.#dictionary.string(text!) : NO_NUMBER
  }

  /** Turns to rows, from one to another. @returns false when there is one that cannot be taken in as it is */
  turnTo(rows: EventRows, from: number, to: number, typeOf: (name: string) => TypeColumns | null): boolean {
    const { origin, from: base } = rows
    this.#seeTables(rows)
    this.#parts = []
    for (const part of this.#all) part.from = part.to = 0
    for (let i = base; i < base + from; i++) {
      const part = this.#partOf[origin[i]!] ?? this.#find(origin[i]!, typeOf)
      if (part === null) return false
      part.from++
    }
    for (const part of this.#all) part.to = part.from
    for (let i = base + from; i < base + to; i++) {
      const part = this.#partOf[origin[i]!] ?? this.#find(origin[i]!, typeOf)
      if (part === null) return false
      if (part.to++ === part.from) this.#parts.push(part)
    }
    return true
  }

  #seeTables({ origins, actors, contexts }: EventRows): void {
    if (origins !== this.#origins) {
      this.#origins = origins
      this.#partOf.length = this.sources.length = this.wheres.length = 0
      this.#all = []
    }
    if (actors !== this.#actorTable) {
      this.#actorTable = actors
      this.#actors = []
    }
    if (contexts !== this.#contextTable) {
      this.#contextTable = contexts
      this.#contexts = []
    }
  }

  #find(place: number, typeOf: (name: string) => TypeColumns | null): RowPart | null {
    const origin = this.#origins[place]
    if (origin === undefined) return null
    const { rows } = origin
    const type = typeOf(rows.type)
    const [source, where] = [this.#text(origin.source), this.#text(origin.where)]
    if (type === null || type.declaration !== rows.declaration || source === NO_NUMBER || where === NO_NUMBER) return null
    let part = this.#all.find((p) => p.rows === rows)
    if (part === undefined) this.#all.push((part = { type, rows, from: 0, to: 0 }))
    this.sources[place] = source
    this.wheres[place] = where
    return (this.#partOf[place] = part)
  }
}
