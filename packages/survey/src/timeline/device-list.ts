/** The devices that a reading of a log comes upon, and what they are called. Each has a place, from 0 on, by which all else is kept. */
import { hostOf, type AnyEvent, type DeviceInfo, type HostId } from '@devtrail/events'
import { LogKeys, type Machine } from '@devtrail/time-travel'
import { bringsDeviceIn } from '../keys.ts'
import { LANES } from './looks.ts'
import type { Lives } from './lives.ts'
import type { Incarnations } from './rows.ts'
import type { Renaming } from './timeline.ts'

/** Devices up to which all are listed whenever one came. Of more only that one, and all when there are some times as many. */
export const DEVICES_LISTED = 500
/** So many times as many. */
const LIST_AGAIN = 4

const MEMORY = LANES.indexOf('memory')

/** Which devices make up a row: those of one key, in the order in which they are listed. */
interface RowIndex {
  /** The place of the first device of each row. */
  readonly first: Int32Array
  /** By place the next device of the same row; −1: there is none. */
  readonly next: Int32Array
}

export class DeviceList {
  readonly #machine: Machine
  readonly #lives: Lives
  readonly #places = new Map<number, number>()
  /** By place; undefined: events are about it, but nothing lists it yet. */
  readonly #infos: (DeviceInfo | undefined)[] = []
  readonly #keys: (string | undefined)[] = []
  /** The places of those that are listed, in that order. */
  #order: number[] = []
  #now: LogKeys | null = null
  /** Keys as a later moment of the log has them. */
  #then: LogKeys | null = null
  #listed = 0
  /** Those that events have brought since the last look; null: which is not told. */
  #brought: number[] | null = null
  readonly #renamed = new Map<string, string>()
  #rows: RowIndex | null = null

  /** @param lives gets one for each place. */
  constructor(machine: Machine, lives: Lives) {
    this.#machine = machine
    this.#lives = lives
  }

  /** How many are listed. */
  get size(): number {
    return this.#order.length
  }

  get ids(): Iterable<number> {
    return this.#order.map((place) => this.#infos[place]!.id)
  }

  /** A device's place; it gets one. */
  place(id: number): number {
    let place = this.#places.get(id)
    if (place === undefined) this.#places.set(id, (place = this.#lives.add()))
    return place
  }

  /** The key of a device that is listed. */
  get(id: number): string | undefined {
    const place = this.#places.get(id)
    return place === undefined ? undefined : this.#keys[place]
  }

  /** Which keys became others, where names were found to be shared. */
  get renamed(): readonly Renaming[] {
    return [...this.#renamed].map(([from, to]) => ({ from, to }))
  }

  /** Takes the keys from a moment that is still to come: names that are found to be shared until then are so from now on. */
  foresee(machine: Machine): void {
    this.#then = new LogKeys(machine, machine.devices())
  }

  /** That an event happened which may have brought a device. */
  brings({ type, data }: Pick<AnyEvent, 'type' | 'data'>): void {
    const id = data[bringsDeviceIn(type) ?? '']
    if (typeof id !== 'number') this.#listed = 0
    else if (this.#brought === null) this.#brought = [id]
    else if (this.#brought.at(-1) !== id) this.#brought.push(id)
  }

  /** Lists what came since. @returns those that were not listed before. `all`: whatever came. */
  look(all = false): readonly number[] {
    const brought = this.#brought ?? []
    const isTime =
      this.#listed === 0 || (brought.length > 0 && (this.size <= DEVICES_LISTED || this.size + brought.length >= LIST_AGAIN * this.#listed))
    this.#brought = null
    if (all || isTime) return this.#listAll()
    return brought.flatMap((id) => {
      const info = this.#machine.device(id)
      return info !== null && this.#list(info) ? [id] : []
    })
  }

  #listAll(): readonly number[] {
    const infos = this.#machine.devices()
    this.#now = new LogKeys(this.#machine, infos)
    // Older incarnations first: the order in which they follow one another in a row.
    const fresh = infos.toSorted((a, b) => a.id - b.id).flatMap((info) => (this.#list(info) ? [info.id] : []))
    this.#listed = Math.max(1, this.size)
    return fresh
  }

  /** @returns whether it was not listed. */
  #list(info: DeviceInfo): boolean {
    const place = this.place(info.id)
    const before = this.#infos[place]
    this.#infos[place] = info
    if (before === undefined) this.#order.push(place)
    const key = this.#keyOf(info)
    const old = this.#keys[place]
    if (old === key) return before === undefined
    this.#keys[place] = key
    this.#rows = null
    if (old !== undefined && !this.#renamed.has(old)) this.#renamed.set(old, key)
    return before === undefined
  }

  /** Of a name that is found to be shared, the key is another one, also of what was before. */
  #keyOf(info: DeviceInfo): string {
    const key = (this.#now ??= new LogKeys(this.#machine, [])).keyOf(info)
    const then = this.#then?.keyOf(info) ?? key
    return then.length > key.length ? then : key
  }

  #indexed(): RowIndex {
    if (this.#rows !== null) return this.#rows
    const next = new Int32Array(this.#lives.count).fill(-1)
    const lastOf = new Map<string, number>()
    const first: number[] = []
    for (const place of this.#order) {
      const key = this.#keys[place]!
      const last = lastOf.get(key)
      if (last === undefined) first.push(place)
      else next[last] = place
      lastOf.set(key, place)
    }
    return (this.#rows = { first: Int32Array.from(first), next })
  }

  /** How many rows there are. */
  get rows(): number {
    return this.#indexed().first.length
  }

  /**
   * The first rows, by host; of each those with memory first, those that are there for bookkeeping last; else as they came.
   * `named`: only those whose key has this in it.
   */
  told(rowsMax: number, named: string): { readonly fitting: number; readonly rows: readonly Incarnations[] } {
    const byHost = new Map<HostId, [number[], number[], number[]]>()
    let fitting = 0
    const { first, next } = this.#indexed()
    for (let i = 0; i < first.length; i++) {
      const place = first[i]!
      if (named !== '' && !this.#keys[place]!.includes(named)) continue
      fitting++
      const host = hostOf(this.#infos[place]!.id)
      let ranks = byHost.get(host)
      if (ranks === undefined) byHost.set(host, (ranks = [[], [], []]))
      const ranked = ranks[this.#rankOf(place, next)]
      if (ranked.length < rowsMax) ranked.push(place)
    }
    const hosts = [...byHost].toSorted(([a], [b]) => a - b)
    const shown = hosts.flatMap(([, ranks]) => ranks.flat()).slice(0, rowsMax)
    return { fitting, rows: shown.map((place) => this.#rowAt(place)) }
  }

  #rankOf(first: number, next: Int32Array): 0 | 1 | 2 {
    let last = first
    let hasMemory = false
    for (let at = first; at >= 0; at = next[at]!) {
      last = at
      hasMemory ||= this.#lives.hasLane(at, MEMORY)
    }
    return this.#infos[last]!.bookkeeping ? 2 : hasMemory ? 0 : 1
  }

  #rowAt(first: number): Incarnations {
    const { next } = this.#indexed()
    const lives: number[] = []
    for (let at = first; at >= 0; at = next[at]!) lives.push(at)
    const { host, kind, bookkeeping } = this.#infos[lives.at(-1)!]!
    return { key: this.#keys[first]!, host: host ?? null, kind, bookkeeping, lives }
  }
}
