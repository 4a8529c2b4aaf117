/**
 * Runs what somebody else wrote: a module, or the programs of its tasks. A loop without an end would never give the thread back, so that nobody would
 * hear of a Ctrl-C either. Another thread ends it then: none of its `catch` and `finally` run, and whatever it was in the middle of has to be thrown away.
 */
import { createContext, Script } from 'node:vm'
import type { Interrupt } from '../session/interrupt.ts'

/** How long one stretch of it may take, in milliseconds: no step of a scenario takes a thousandth of that. */
export const STRETCH_MS = 5000

/** It did not come back; the message is what is said of it. */
export class NotBack extends Error {
  override readonly name = 'NotBack'
}

export class Fence {
  readonly #millis: number
  readonly #interrupt: Interrupt
  /** A place to hand the call over: whoever ends it can only end a script. */
  readonly #place: { call: () => unknown } = { call: () => null }
  readonly #script = new Script('call()')

  constructor(interrupt: Interrupt, millis: number = STRETCH_MS) {
    this.#interrupt = interrupt
    this.#millis = millis
    createContext(this.#place)
  }

  /** What the call gives. @throws NotBack when it takes too long; AbortError on Ctrl-C; what the call throws */
  run<T>(call: () => T): T {
    this.#place.call = call
    try {
      return this.#script.runInContext(this.#place, { timeout: this.#millis, breakOnSigint: true, displayErrors: false }) as T
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new NotBack(`did not come back for ${this.#millis / 1000} s`, { cause: error })
      if (code !== 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw error
      this.#interrupt.hit()
      this.#interrupt.signal.throwIfAborted()
      throw error
    }
  }
}
