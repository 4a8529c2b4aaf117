/** The keys of devices over a whole log. */
import type { DeviceInfo } from '@devtrail/events'
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
  constructor({ content: { names }, models, facts }: Machine, devices: readonly DeviceInfo[]) {
    const byId = new Map(devices.map((d) => [d.id, d]))
    for (const [name, { pairs, isCrowded }] of names.together) {
      if (isCrowded) for (const kind of ['proper', 'any'] as const) this.#shared[kind].add(name)
      for (const [a, b] of pairs) this.#share(byId.get(a), byId.get(b))
    }
    // Those that later events prove to have been there from the start were there before they were listed.
    const proven = new Set(
      models.flatMap((m) => m.devices?.(m.initial(), facts) ?? []).flatMap((d) => (d.presence === 'present' ? d.id : [])),
    )
    if (proven.size === 0 || names.looks === 0) return
    for (const ofName of Map.groupBy(devices, (d) => d.name).values()) {
      for (const one of ofName.filter(({ id }) => proven.has(id))) {
        for (const other of ofName) if (other !== one && wasThereBefore(names, other.id, one.id, proven)) this.#share(one, other)
      }
    }
  }

  #share(a: DeviceInfo | undefined, b: DeviceInfo | undefined): void {
    if (a === undefined || b === undefined) return
    this.#shared.any.add(a.name)
    if (!a.bookkeeping && !b.bookkeeping) this.#shared.proper.add(a.name)
  }

  keyOf({ name, bus, bookkeeping }: Pick<DeviceInfo, 'name' | 'bus' | 'bookkeeping'>): string {
    return this.#shared[bookkeeping ? 'any' : 'proper'].has(name) ? `${bus ?? '?'}/${name}` : name
  }
}

/** Whether a device was found to be there at a look before `listed` was listed, which was there all that time. */
function wasThereBefore({ lives }: NamesState, device: number, listed: number, proven: ReadonlySet<number>): boolean {
  const until = lives.get(listed)?.listed ?? Infinity
  const life = lives.get(device)
  const since = proven.has(device) && (life === undefined || life.listed > 1) ? 1 : (life?.present ?? Infinity)
  return since < until
}
