import { exit } from './failure.ts'

/** How long work that was interrupted may take to clean up behind itself, in milliseconds. */
const CLEANUP_MS = 2000

/** Ctrl-C, or being told to end: ends the process at once, except while something has to be cleaned up first. */
export class Interrupt {
  readonly #controller = new AbortController()
  #shields = 0
  /** What to do instead of ending the process, for whoever talks with the user. */
  instead: (() => void) | null = null

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Runs work that undoes itself when the signal aborts. */
  async shield<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#shields++
    try {
      return await work(this.signal)
    } finally {
      this.#shields--
    }
  }

  /** To be called on SIGINT and SIGTERM. */
  hit(): void {
    if (this.instead !== null) return this.instead()
    if (this.signal.aborted || this.#shields === 0) process.exit(exit.interrupted)
    this.#controller.abort()
    setTimeout(() => process.exit(exit.interrupted), CLEANUP_MS).unref()
  }
}
