import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { LogDamagedError, LogUsageError, excerpt } from '../errors.ts'
import { EVENT_BYTES_MAX } from '../limits.ts'
import { expectedAfter, follows } from '../sequence.ts'
import { fromStored } from '../stored-event.ts'
import { damagedEvent } from './damage.ts'
import { checkLine, faultOfTail, isFault, type Fault, type Frame } from './line.ts'
import type { Line } from './lines.ts'

/** Turns the lines of one file, in order, into events. Each line is checked, also those before `from`. */
export class EventDecoder {
  /** `seq` of the last whole line. */
  lastSeq = 0
  /** Lines were unreadable since the last whole one, so that numbers may be missing. */
  #afterDamage = false
  readonly #path: string
  readonly #vocabulary: Vocabulary
  readonly #from: number
  readonly #onDamage: ((damage: LogDamagedError) => void) | undefined

  constructor(path: string, vocabulary: Vocabulary, from: number, onDamage: ((damage: LogDamagedError) => void) | undefined) {
    this.#path = path
    this.#vocabulary = vocabulary
    this.#from = from
    this.#onDamage = onDamage
  }

  /** The line's event; null when it is before `from`, damaged (and `onDamage` was told) or the torn tail. */
  decode(line: Line): AnyEvent | null {
    if (line.length > EVENT_BYTES_MAX) {
      return this.#damaged(line, {
        expected: `at most ${EVENT_BYTES_MAX} bytes to the newline`,
        found: `${line.length}`,
      })
    }
    if (!line.ended) {
      const fault = faultOfTail(line.bytes)
      return fault === null ? null : this.#damaged(line, fault)
    }
    const checked = checkLine(line.bytes)
    if (isFault(checked)) return this.#damaged(line, checked)
    if (!this.#inOrder(line, checked.seq)) return null
    return checked.seq < this.#from ? null : this.#event(line, checked)
  }

  #inOrder(line: Line, seq: number): boolean {
    const last = this.lastSeq
    const fine = follows(last, seq) || (this.#afterDamage && seq > last)
    if (!fine) this.#damaged(line, { expected: expectedAfter(last), found: `seq ${seq}` })
    this.#afterDamage = false
    if (!fine && seq <= last) return false
    this.lastSeq = seq
    return true
  }

  #event(line: Line, { seq, json }: Frame): AnyEvent | null {
    try {
      const event = fromStored(this.#vocabulary, JSON.parse(json.toString('utf8')), `${this.#path} line ${line.number}`)
      if (event.seq === seq) return event
      return this.#damaged(line, { expected: `one seq, ${seq}`, found: `another one, ${event.seq}` })
    } catch (error) {
      if (error instanceof LogUsageError || error instanceof LogDamagedError) throw error
      return this.#damaged(line, { expected: 'a stored event', found: excerpt(error) }, error)
    }
  }

  #damaged(line: Line, fault: Fault, cause?: unknown): null {
    const damage = damagedEvent(this.#path, line.number, line.offset, fault, cause)
    if (this.#onDamage === undefined) throw damage
    this.#onDamage(damage)
    this.#afterDamage = true
    return null
  }
}
