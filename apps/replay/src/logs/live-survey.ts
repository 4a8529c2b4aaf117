import type { AnyEvent } from '@devtrail/events'
import { devicesNamed, machineBefore, type Machine, type SourceStart } from '@devtrail/time-travel'
import { bringsDevice, LogKeys, models, Names, StartNames } from '@devtrail/survey'

/** What is known of a log as far as it has been followed: the state, and what the ids in events stand for. */
export class LiveSurvey {
  readonly machine: Machine
  readonly #keys = new LogKeys()
  readonly #starts = new StartNames()
  #names: Names | null = null
  #named = new Map<string, ReadonlySet<number>>()

  /** @param start where the log begins when its head is gone. */
  constructor(start: SourceStart | undefined) {
    this.machine = machineBefore(models, start).machine
    if (start !== undefined) this.#keys.see(this.machine.devices())
  }

  see(event: AnyEvent): void {
    this.machine.step(event)
    const isNamed = this.#starts.see(event)
    if (!isNamed && !bringsDevice(event.type)) return
    this.#names = null
    if (bringsDevice(event.type)) this.#keys.see(this.machine.devices())
  }

  get names(): Names {
    if (this.#names === null) {
      const devices = this.machine.devices()
      const { regions, pagemaps } = this.#starts
      this.#names = new Names(this.machine.facts, new Map(devices.map((d) => [d.id, this.#keys.keyOf(d)])), regions, pagemaps)
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
