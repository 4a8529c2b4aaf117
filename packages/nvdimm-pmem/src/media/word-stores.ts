/** Words of a medium that has one way to store, whatever is stored. */
export abstract class WordStores {
  readonly #word = new Uint8Array(8)
  readonly #view = new DataView(this.#word.buffer)

  abstract store(at: number, from: Uint8Array): void

  store32(at: number, word: number): void {
    this.#view.setUint32(0, word, true)
    this.store(at, this.#word.subarray(0, 4))
  }

  store64(at: number, low: number, high: number): void {
    this.#view.setUint32(0, low, true)
    this.#view.setUint32(4, high, true)
    this.store(at, this.#word)
  }
}
