/** Events that a server lost: in a copy a gap stands for each, so that all others have their numbers. */
import { LogDamagedError } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'

/** Events that are not there, one after the other. */
export interface Hole {
  /** `seq` of the first and the last; 0 is the baseline. */
  readonly from: number
  readonly to: number
  /** How many of them are of the baseline. */
  readonly baseline: number
  readonly damages: readonly LogDamagedError[]
}

export interface HolesOptions {
  /** Events that are there already, and the `seq` of the last. */
  readonly have: { readonly events: number; readonly lastSeq: number }
  /** Events of the log's baseline. */
  readonly baseline: number
  /** How many hosts the log is of; 0: one, which it does not number. */
  readonly hosts: number
}

/** Finds holes from the numbers of the events that are there. */
export class Holes {
  readonly #options: HolesOptions
  #last: number
  #baseline: number
  #time = 0
  #damages: LogDamagedError[] = []
  /** Those found so far. */
  readonly all: Hole[] = []

  constructor(options: HolesOptions) {
    this.#options = options
    this.#last = options.have.lastSeq
    this.#baseline = options.have.lastSeq > 0 ? options.baseline : options.have.events
  }

  /** What readers tell of damage. */
  readonly damaged = (damage: LogDamagedError): void => {
    this.#damages.push(damage)
  }

  /** What is missing before an event that is there. */
  before(seq: number, time: number): Hole | null {
    const hole = seq === 0 ? null : this.#upTo(seq - 1)
    this.#last = seq
    this.#time = time
    if (seq === 0) this.#baseline++
    return hole
  }

  /** What is missing behind the last event that is there. */
  atEnd(lastSeq: number): Hole | null {
    return this.#upTo(lastSeq)
  }

  #upTo(to: number): Hole | null {
    const baseline = Math.max(0, this.#options.baseline - this.#baseline)
    const from = baseline > 0 ? 0 : this.#last + 1
    if (baseline === 0 && from > to) return null
    const hole: Hole = { from, to, baseline, damages: this.#damages }
    this.#damages = []
    this.#baseline += baseline
    this.#last = Math.max(this.#last, to)
    this.all.push(hole)
    return hole
  }

  /** A gap for each event of a hole. @throws LogDamagedError where they are too few for all hosts to be in doubt. */
  *gapsIn({ from, to, baseline, damages }: Hole): Generator<AnyEvent> {
    const { hosts } = this.#options
    const first = Math.max(1, from)
    const events = baseline + Math.max(0, to - first + 1)
    if (events < hosts && damages.length > 0) throw damages[0]!
    for (let i = 0; i < events; i++) {
      const seq = i < baseline ? 0 : first + i - baseline
      yield {
        seq,
        entry: null,
        time: this.#time,
        device: null,
        cpu: null,
        actor: null,
        cause: [],
        ...(hosts > 0 && { host: (i % hosts) + 1 }),
        type: 'log/gap',
        data: { reason: 'unreadable', lost: null, cpu: null, model: null },
      }
    }
  }
}

const NAME = /^lost-on-server\.(\d+)-(\d+)\.(\d+)$/

/** The attachment of a copy that tells of a hole; `mended`: blocks that the stream had put again when it was found. */
export const holeName = ({ from, to }: Hole, mended: number): string => `lost-on-server.${from}-${to}.${mended}`

export interface KeptHole {
  readonly from: number
  readonly to: number
  readonly mended: number
}

/** The holes that names of attachments tell of. */
export function keptHoles(names: Iterable<string>): KeptHole[] {
  const found: KeptHole[] = []
  for (const name of names) {
    const m = NAME.exec(name)
    if (m !== null) found.push({ from: Number(m[1]), to: Number(m[2]), mended: Number(m[3]) })
  }
  return found.toSorted((a, b) => a.from - b.from)
}

export function spanText({ from, to }: Pick<Hole, 'from' | 'to'>): string {
  const last = to === 0 ? 'the baseline' : `event ${to}`
  if (from === to || to === 0) return last
  return from === 0 ? `the baseline, or some of it, and what follows up to ${last}` : `events ${from} to ${to}`
}
