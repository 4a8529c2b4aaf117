import type { AnyEvent, Facts, HostId } from '@devtrail/events'
import { deviceOf, LogKeys, type Machine } from '@devtrail/time-travel'
import { vocabulary } from './models.ts'

/** Something that knows the keys of devices. */
type Keys = Pick<ReadonlyMap<number, string>, 'get'>

/** What the ids in events stand for, over a whole log. */
export class Names {
  readonly facts: Facts
  readonly #keys: Keys
  readonly #regions: ReadonlyMap<number, string>
  readonly #pagemaps: ReadonlyMap<number, string>

  constructor(facts: Facts, keys: Keys, regions: ReadonlyMap<number, string>, pagemaps: ReadonlyMap<number, string>) {
    this.facts = facts
    this.#keys = keys
    this.#regions = regions
    this.#pagemaps = pagemaps
  }

  /** As far as a machine has come; of one at the end of a log, over all of it. */
  static of(machine: Machine): Names {
    const devices = machine.devices()
    const keys = new LogKeys(machine, devices)
    const { regions, pagemaps } = machine.content.names.starts
    return new Names(machine.facts, new Map(devices.map((d) => [d.id, keys.keyOf(d)])), regions, pagemaps)
  }

  device(id: number): string {
    return this.#keys.get(id) ?? this.facts.value<string>('device', id, 'name') ?? `#${id}`
  }

  /** The first address of the pagemap's range; its pointer while that is not known. */
  pagemap(id: number): string {
    return this.#pagemaps.get(id) ?? this.facts.value<string>('pagemap', id, 'pointer') ?? `#${id}`
  }

  region(id: number): string {
    return this.#regions.get(id) ?? `#${id}`
  }

  /** The name of a host, in a log of several. */
  host(id: HostId): string {
    return this.facts.value<string>('host', id, 'name') ?? `#${id}`
  }

  /** The device an event is about, learnt later or not. */
  of(event: AnyEvent): number | null {
    return deviceOf(event, vocabulary, this.facts)
  }
}
