import type { AnyEvent } from '@devtrail/events'
import { devicesNamed, EventFold, machineBefore, type Machine, type SourceStart } from '@devtrail/time-travel'
import { bringsDevice, models, Names } from '@devtrail/survey'

/** What is known of a log as far as it has been followed: the state, and what the ids in events stand for. */
export class LiveSurvey {
  readonly machine: Machine
  readonly #fold: EventFold
  #names: Names | null = null
  #named = new Map<string, ReadonlySet<number>>()

  /** @param start where the log begins when its head is gone. */
  constructor(start: SourceStart | undefined) {
    this.machine = machineBefore(models, start).machine
    this.#fold = new EventFold(this.machine)
  }

  see(event: AnyEvent): void {
    this.#fold.step(event)
    // What else names are made of, they look up as it comes.
    if (bringsDevice(event.type)) this.#names = null
  }

  get names(): Names {
    if (this.#names === null) {
      this.#names = Names.of(this.machine)
      this.#named = new Map()
    }
    return this.#names
  }

  /** Whether an event is about a device that goes by a name by now. */
  isAbout(event: AnyEvent, wanted: string): boolean {
    const device = this.names.of(event)
    if (device === null) return false
    let ids = this.#named.get(wanted)
    if (ids?.has(device) !== true) {
      ids = new Set(devicesNamed(wanted, this.machine.devices(), (id) => this.machine.aliases(id)).map((d) => d.id))
      this.#named.set(wanted, ids)
    }
    return ids.has(device)
  }
}
