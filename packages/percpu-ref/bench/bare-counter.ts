/** What a worker does on its own line and nothing else: `SharedPercpuRef` without a word about events. */
export class BareCounter {
  readonly #line: Int32Array

  constructor(line: Int32Array) {
    this.#line = line
  }

  get(): void {
    const line = this.#line
    if (line[0] === 0) line[1]!++
    else this.#elsewhere(1)
  }

  put(): void {
    const line = this.#line
    if (line[0] === 0) line[1]!--
    else this.#elsewhere(-1)
  }

  get count(): number {
    return this.#line[1]!
  }

  #elsewhere(n: number): void {
    Atomics.add(this.#line, 2, n)
  }
}
