/** Numbers of 64-bit words, by their halves: open addressing, for tens of thousands of pointers that come again and again. */
export class PointerTable {
  #bits = 10
  #count = 0
  #high = new Uint32Array(1 << this.#bits)
  #low = new Uint32Array(1 << this.#bits)
  /** 0: the slot is free. */
  #ids = new Uint32Array(1 << this.#bits)

  /** The number of a word; 0 when it has none. */
  find(high: number, low: number): number {
    return this.#ids[this.#slot(high, low)]!
  }

  /** Gives a word that has none its number, which is above 0. @returns the number. */
  add(high: number, low: number, id: number): number {
    if (++this.#count * 2 > this.#ids.length) this.#grow()
    const slot = this.#slot(high, low)
    this.#high[slot] = high
    this.#low[slot] = low
    this.#ids[slot] = id
    return id
  }

  /** Where a word is, or would be. */
  #slot(high: number, low: number): number {
    const [highs, lows, ids] = [this.#high, this.#low, this.#ids]
    const mask = ids.length - 1
    let slot = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1) >>> (32 - this.#bits)
    while (ids[slot] !== 0 && (lows[slot] !== low || highs[slot] !== high)) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [highs, lows, ids] = [this.#high, this.#low, this.#ids]
    this.#bits++
    this.#high = new Uint32Array(1 << this.#bits)
    this.#low = new Uint32Array(1 << this.#bits)
    this.#ids = new Uint32Array(1 << this.#bits)
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] === 0) continue
      const slot = this.#slot(highs[i]!, lows[i]!)
      this.#high[slot] = highs[i]!
      this.#low[slot] = lows[i]!
      this.#ids[slot] = ids[i]!
    }
  }
}
