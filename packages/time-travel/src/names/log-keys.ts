/** The keys of devices over a whole log. */
import type { DeviceInfo } from '@devtrail/events'
import { keyOnHost } from '../devices.ts'
import type { Machine } from '../machine.ts'
import type { NamesState } from './names-state.ts'

/**
 * The key of each device over a whole log: the name, or `bus/name` for every incarnation of a name under which two lived at
 * once at any moment of the log. Incarnations that followed one another share their key. Bookkeeping devices never change
 * the key of another, but step aside themselves.
 */
export class LogKeys {
  readonly #shared = { proper: new Set<string>(), any: new Set<string>() }

  /** `machine`: as it is at the end of the log, or as far as it is known. */
  constructor(machine: Machine, devices: readonly DeviceInfo[]) {
    const { names } = machine.content
    const byId = new Map(devices.map((d) => [d.id, d]))
    for (const { pairs, perhaps, isCrowded } of names.together.values()) {
      for (const [a, b] of pairs) this.#share(byId.get(a), byId.get(b), isCrowded)
      for (const [a, b] of perhaps) {
        const found = byId.get(b)
        if (found !== undefined && turnedOut(names, found)) this.#share(byId.get(a), found, isCrowded)
      }
    }
    // Those that later events prove to have been there from the start were there before they were listed.
    const proven = provenFromStart(machine)
    if (proven.size === 0 || names.looks === 0) return
    for (const ofName of Map.groupBy(devices, ({ host, name }) => keyOnHost(host, name)).values()) {
      for (const one of ofName.filter(({ id }) => proven.has(id))) {
        for (const other of ofName) if (other !== one && wasThereBefore(names, other, one.id, proven)) this.#share(one, other)
      }
    }
  }

  #share(a: DeviceInfo | undefined, b: DeviceInfo | undefined, isCrowded = false): void {
    if (a === undefined || b === undefined) return
    const key = keyOnHost(a.host, a.name)
    this.#shared.any.add(key)
    if (isCrowded || (!a.bookkeeping && !b.bookkeeping)) this.#shared.proper.add(key)
  }

  keyOf({ host, name, bus, bookkeeping }: Pick<DeviceInfo, 'host' | 'name' | 'bus' | 'bookkeeping'>): string {
    const isShared = this.#shared[bookkeeping ? 'any' : 'proper'].has(keyOnHost(host, name))
    return keyOnHost(host, isShared ? `${bus ?? '?'}/${name}` : name)
  }
}

/** Devices that facts alone prove to have been there from the start. */
function provenFromStart({ models, facts }: Machine): Set<number> {
  const hosts = facts.hosts()
  const told = (hosts.length === 0 ? [0] : hosts).flatMap((host) => models.flatMap((m) => m.devices?.(m.initial(), facts.of(host)) ?? []))
  return new Set(told.flatMap(({ id, presence }) => (presence === 'present' ? id : [])))
}

/** Whether a device that was found turned out to be there, or to have gone only later: then it was there when it was found. */
const turnedOut = ({ lives }: NamesState, { id, presence }: DeviceInfo): boolean => presence !== null || lives.get(id)?.present != null

/** Whether a device was there at a look before `listed` was listed, which was there all that time. */
function wasThereBefore(names: NamesState, device: DeviceInfo, listed: number, proven: ReadonlySet<number>): boolean {
  const until = names.lives.get(listed)?.listed ?? Infinity
  const life = names.lives.get(device.id)
  if (proven.has(device.id) && (life === undefined || life.listed > 1)) return until > 1
  if (life === undefined) return false
  return (life.isFound && turnedOut(names, device) ? life.listed : (life.present ?? Infinity)) < until
}
