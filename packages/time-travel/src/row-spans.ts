import { seeSpan, type SpansState, type TypedSpan } from './spans.ts'
import type { EventRows, TypeRows } from '@devtrail/events'
import type { MentioningField } from './mentions.ts'

/**
 * Counts rows of one type, which are about the same pagemap or nothing for a long time, and hands the sums over to the spans
 * when somebody is to look at them. Rows are of logs of one host. What a span meets for the first time it sees at once.
 */
export class RowSpans {
  readonly #state: SpansState
  readonly #type: string
  readonly #mentioning: readonly MentioningField[]
  /** Place of the pagemap in a row; -1: none. */
  readonly #place: number
  #pagemap = Number.NaN
  /** The pagemap's span; null while rows are about nothing. */
  #span: TypedSpan | null = null
  #count = 0
  #last = 0

  /** `mentioning`: the fields by which events of the type mention something. */
  constructor(state: SpansState, { type, declaration }: TypeRows, mentioning: readonly MentioningField[]) {
    this.#state = state
    this.#type = type
    this.#mentioning = mentioning
    this.#place = Object.keys(declaration.fields).indexOf(mentioning[0]?.name ?? '')
  }

  /** Whether rows of a type can be counted so: those that mention one pagemap at most. */
  static fits(mentioning: readonly MentioningField[]): boolean {
    return mentioning.length === 0 || (mentioning.length === 1 && mentioning[0]!.kind === 'pagemap')
  }

  /** The pagemap that a row of the type is about; NaN: none. */
  pagemapOf({ low }: TypeRows, row: number): number {
    return this.#place < 0 ? Number.NaN : low[this.#place]![row]!
  }

  /** `pagemap`: what it is about; `row`: which one of its type it is. */
  see(rows: EventRows, i: number, row: number, pagemap: number): void {
    const seq = rows.seq + i
    if (this.#count > 0 && (pagemap === this.#pagemap || (pagemap !== pagemap && this.#span === null))) {
      this.#count++
      this.#last = seq
      return
    }
    this.handOver()
    const { others, pagemaps, named } = this.#state
    const span = pagemap === pagemap ? (pagemaps.get(pagemap) ?? null) : null
    const isKnown =
      pagemap === pagemap ? named.pagemap.has(pagemap) && span?.types.has(this.#type) === true : others.get(0)?.has(this.#type) === true
    if (!isKnown) return seeSpan(this.#state, rows.event(i, row), this.#mentioning)
    this.#pagemap = pagemap
    this.#span = span
    this.#count = 1
    this.#last = seq
  }

  handOver(): void {
    if (this.#count === 0) return
    const span = this.#span
    if (span === null) this.#state.others.get(0)!.set(this.#type, this.#last)
    else {
      span.events += this.#count
      span.last = Math.max(span.last, this.#last)
      span.types.set(this.#type, this.#last)
    }
    this.#count = 0
  }
}
