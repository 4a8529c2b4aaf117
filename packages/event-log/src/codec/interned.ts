import type { DictionaryWriter } from './dictionary.ts'

const SLOTS = 256

/** The numbers of strings in a dictionary. Those that come again and again are found without hashing them. */
export class Interned {
  readonly #dictionary: DictionaryWriter
  readonly #texts: (string | null)[] = Array.from({ length: SLOTS }, () => null)
  readonly #ids = new Uint32Array(SLOTS)

  constructor(dictionary: DictionaryWriter) {
    this.#dictionary = dictionary
  }

  id(text: string): number {
    const slot = slotOf(text)
    if (this.#texts[slot] === text) return this.#ids[slot]!
    const id = this.#dictionary.string(text)
    this.#texts[slot] = text
    this.#ids[slot] = id
    return id
  }

  /** The number of a pointer's text, by its halves. */
  pointer(high: number, low: number): number {
    return this.#dictionary.pointer(high, low)
  }
}

/** What names, numbers and pointers of one kind differ in is mostly at their end. */
export function slotOf(text: string): number {
  const n = text.length
  return n < 2 ? n : (text.charCodeAt(n - 1) * 7 + text.charCodeAt(n - 2) * 13 + n) & (SLOTS - 1)
}
