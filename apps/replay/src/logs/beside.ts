/** Pieces of work that may wait while others go on, and bytes that they may hold. */
const WAITING_MAX = 4
const BYTES_MAX = 32 << 20

interface Piece {
  readonly bytes: number
  readonly done: Promise<unknown>
}

/** Work on the disk that is done beside all else, one piece after the other. */
export class Beside {
  readonly #pieces: Piece[] = []
  #last: Promise<unknown> = Promise.resolve()

  /**
   * Begins a piece of work when those before it are over. `bytes`: what it holds meanwhile.
   * @returns what is to be waited for before there is a next one, so that not too much waits; null: nothing. What went wrong is told there.
   */
  do(bytes: number, work: () => Promise<unknown>): Promise<unknown> | null {
    const before = this.#last
    const done = before.then(work)
    this.#last = done
    const over = (): void => void this.#pieces.shift()
    done.then(over, over)
    this.#pieces.push({ bytes, done })
    if (this.#pieces.length > WAITING_MAX) return this.#pieces[0]!.done
    return this.#pieces.reduce((sum, piece) => sum + piece.bytes, 0) > BYTES_MAX ? before : null
  }

  /** Resolves when all is done. @throws what went wrong */
  async done(): Promise<void> {
    await this.#last
  }
}
