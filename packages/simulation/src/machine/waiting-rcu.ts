import { NeverEnds, Rcu } from '@devtrail/memremap'

/**
 * Grace periods of a machine whose tasks also wait in the middle of calls that have no pauses: others go on below such a wait, and it
 * cannot go on before what is below it has ended.
 */
export class WaitingRcu extends Rcu {
  /** What tasks wait for in the middle of a call, innermost last. */
  readonly #waits: (() => boolean)[] = []

  /** @throws NeverEnds as of Rcu; Error where a wait further out has ended, and only this one keeps it: such a run cannot be simulated. */
  override waitUntil(condition: () => boolean): void {
    this.#waits.push(condition)
    try {
      super.waitUntil(condition)
    } catch (error) {
      if (error instanceof NeverEnds && this.#waits.slice(0, -1).some((outer) => outer()))
        throw new Error('two tasks wait within one another, and the outer one could go on: such a run cannot be simulated', {
          cause: error,
        })
      throw error
    } finally {
      this.#waits.pop()
    }
  }
}
