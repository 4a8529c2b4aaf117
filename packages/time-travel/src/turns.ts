/** Where timers come from, which every home of JavaScript has; Node.js also has turns that cost no wait. */
const home = globalThis as unknown as {
  setImmediate?(run: () => void): unknown
  setTimeout(run: () => void, ms: number): unknown
}

/** How long work goes on before it lets others have a turn, in milliseconds. */
const WORK_MS = 50
/** How many small steps are made between two looks at the clock. */
const STEPS = 256

const turn = (): Promise<void> =>
  new Promise((done) => {
    if (home.setImmediate === undefined) home.setTimeout(done, 0)
    else home.setImmediate(done)
  })

/**
 * Lets long work give others a turn now and then: what a log is read from may never wait, and then no key, no signal and no request
 * would be served until it is through.
 */
export class Turns {
  #steps = 0
  #since = Date.now()

  /** To be asked at each small step: whether the next turn is due. */
  isDue(): boolean {
    return ++this.#steps % STEPS === 0 && this.isTime()
  }

  /** The same between larger steps. */
  isTime(): boolean {
    return Date.now() - this.#since >= WORK_MS
  }

  async give(): Promise<void> {
    await turn()
    this.#since = Date.now()
  }
}
