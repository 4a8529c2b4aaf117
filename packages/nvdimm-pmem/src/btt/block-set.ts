/** Which blocks of an arena are somebody's. */
export class BlockSet {
  readonly #bits: Uint8Array
  readonly #count: number
  #used = 0

  constructor(count: number) {
    this.#count = count
    this.#bits = new Uint8Array(Math.ceil(count / 8))
  }

  /** Marks a block as used; false when it is already. */
  use(block: number): boolean {
    const bit = 1 << (block & 7)
    const at = Math.floor(block / 8)
    if ((this.#bits[at]! & bit) !== 0) return false
    this.#bits[at]! |= bit
    this.#used++
    return true
  }

  get unused(): number {
    return this.#count - this.#used
  }
}
