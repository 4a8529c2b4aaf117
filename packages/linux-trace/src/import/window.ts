import type { TraceItem } from '../text/reader.ts'
import type { TraceEntry } from '../text/entry.ts'

/** How many items are read ahead: enough to see how a call went on before saying what it was. */
export const LOOKAHEAD_ITEMS = 4096
/** How much text may be held for that: entries can be as long as a line. */
export const LOOKAHEAD_CHARS = 32 << 20

const charsOf = (item: TraceItem): number => (item.kind === 'entry' ? item.entry.body.length : 0)

/** A stream of trace items that can be looked ahead in, within a named limit. */
export class Window {
  readonly #source: AsyncIterator<TraceItem>
  #items: TraceItem[] = []
  #head = 0
  #ended = false
  #chars = 0

  constructor(source: AsyncIterable<TraceItem>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async #fill(): Promise<void> {
    while (!this.#ended && this.#items.length - this.#head < LOOKAHEAD_ITEMS && this.#chars < LOOKAHEAD_CHARS) {
      const next = await this.#source.next()
      if (next.done) this.#ended = true
      else {
        this.#items.push(next.value)
        this.#chars += charsOf(next.value)
      }
    }
  }

  /** The next item, or null at the end. */
  async next(): Promise<TraceItem | null> {
    if (!this.#ended && this.#items.length - this.#head < LOOKAHEAD_ITEMS / 2) await this.#fill()
    if (this.#head >= this.#items.length) return null
    const item = this.#items[this.#head++]!
    this.#chars -= charsOf(item)
    if (this.#head >= LOOKAHEAD_ITEMS) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** The first entry, without taking it. */
  async first(): Promise<TraceEntry | null> {
    await this.#fill()
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i]!
      if (item.kind === 'entry') return item.entry
    }
    return null
  }

  /** Entries still to come, up to the next gap or the window's end. */
  *ahead(): Generator<TraceEntry> {
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i]!
      if (item.kind === 'gap') return
      yield item.entry
    }
  }
}
