/** Whether a log that is followed is still there: who waits for more is told nothing of a stream that is deleted or purged. */
import { setTimeout as wait } from 'node:timers/promises'
import { LogUsageError } from '@devtrail/event-log'
import { codeOf, STREAM_NOT_FOUND } from './stream.ts'
import { findLog, type Log } from './place.ts'
import { StreamError } from './refusals.ts'

/** How often it is looked, in milliseconds. */
const LOOK_MS = 2000
/** And when it was not there just before: servers that start, and new leaders, do not know of all at once. */
const AGAIN_MS = 500
const TRIES = 4

/** What became of it; null: it is there, or nobody answers. */
async function whatBecameOf(log: Log): Promise<string | null> {
  try {
    const { logId } = await findLog(log)
    return Buffer.compare(logId, log.logId) === 0 ? null : 'it is another log of that name by now'
  } catch (error) {
    if (codeOf(error) === STREAM_NOT_FOUND) return 'the stream was deleted'
    return error instanceof LogUsageError && error.code === 'not-found' ? 'the stream was purged, or let go of all of it' : null
  }
}

const goneError = ({ stream, host }: Log, became: string): StreamError =>
  new StreamError('gone', `the log of ${host} in ${stream.name} that was followed is gone: ${became}`)

/** That what makes no sense in a log is not that it is gone. @throws StreamError `gone`. */
export async function mustBeThere(log: Log): Promise<void> {
  const became = await whatBecameOf(log)
  if (became !== null) throw goneError(log, became)
}

export class StillThere {
  readonly #log: Log
  readonly #over = new AbortController()
  #fault: StreamError | null = null

  /** @param ring called when it is there no more. */
  constructor(log: Log, ring: () => void) {
    this.#log = log
    // It ends with the wait that is cut short.
    this.#look(ring).catch(() => {})
  }

  async #look(ring: () => void): Promise<void> {
    const { signal } = this.#over
    for (let tries = 0; tries < TRIES;) {
      await wait(tries === 0 ? LOOK_MS : AGAIN_MS, undefined, { signal, ref: false })
      const became = await whatBecameOf(this.#log)
      tries = became === null ? 0 : tries + 1
      if (tries < TRIES) continue
      this.#fault = goneError(this.#log, became!)
      ring()
    }
  }

  /** @throws StreamError `gone`. */
  readonly must = (): void => {
    if (this.#fault !== null) throw this.#fault
  }

  end(): void {
    this.#over.abort()
  }
}
