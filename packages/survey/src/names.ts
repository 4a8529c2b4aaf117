import { hostOf, idWithin, type AnyEvent, type Facts, type HostId } from '@devtrail/events'
import { deviceOf, keyOnHost, LogKeys, Named, type Machine } from '@devtrail/time-travel'
import { vocabulary } from './models.ts'

/** Something that knows the keys of devices. */
type Keys = Pick<ReadonlyMap<number, string>, 'get'>

/** What the ids in events stand for, over a whole log. */
export class Names {
  readonly facts: Facts
  readonly #keys: Keys
  readonly #regions: ReadonlyMap<number, string>
  readonly #pagemaps: ReadonlyMap<number, string>
  readonly #named = new Map<string, Named>()

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

  /** By which an expression may ask for a device: its key, and its name with or without its bus, number and host. */
  deviceNames(id: number): Named {
    return this.#kept('device', id, () => {
      const key = this.device(id)
      const name = this.facts.value<string>('device', id, 'name')
      if (name === null) return new Named([key], () => true)
      const bus = this.facts.value<string>('device', id, 'bus')
      const plain = bus === null ? [name] : [name, `${bus}/${name}`]
      const all = plain.flatMap((n) => [n, `${n}#${idWithin(id)}`])
      const host = hostOf(id)
      const names = new Set([key, ...all, ...(host === 0 ? [] : all.map((n) => keyOnHost(this.host(host), n)))])
      return new Named([...names], bus === null ? (text) => text.includes('/') : null)
    })
  }

  /** By which an expression may ask for a pagemap: where its range starts, which may be told later, and its pointer. */
  pagemapNames(id: number): Named {
    return this.#kept('pagemap', id, () => {
      const start = this.#pagemaps.get(id)
      const pointer = this.facts.value<string>('pagemap', id, 'pointer')
      const names = [start, pointer].filter((n) => n != null)
      return new Named(names.length === 0 ? [`#${id}`] : names, start === undefined ? () => true : null)
    })
  }

  /** What has all its names keeps them for as long as these names are used. */
  #kept(kind: string, id: number, make: () => Named): Named {
    const key = `${kind} ${id}`
    const known = this.#named.get(key)
    if (known !== undefined) return known
    const named = make()
    if (named.mayBe === null) this.#named.set(key, named)
    return named
  }

  /** By which an expression may ask for a node of the tree. */
  regionNames(id: number): Named {
    return new Named([this.region(id)], this.#regions.has(id) ? null : () => true)
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
