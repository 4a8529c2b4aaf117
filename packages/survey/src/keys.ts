import type { DeviceInfo } from '@devtrail/events'
import { deviceKeys, keyOnHost } from '@devtrail/time-travel'
import { vocabulary } from './models.ts'

/** Whether after events of a type a device may be there that was not before. */
export const bringsDevice = (type: string): boolean => bringing.has(type)

const bringing: ReadonlySet<string> = new Set(
  vocabulary.types().filter((type) => {
    const { identifies, fields } = vocabulary.get(type)
    return identifies !== undefined && fields[identifies]!.kind === 'device'
  }),
)

/** Whether a device is, or may be, there. */
export const mayBeThere = ({ presence }: Pick<DeviceInfo, 'presence'>): boolean => presence === 'present' || presence === null

/**
 * The key of each device of a moment. Bookkeeping devices never change the key of another: those are named among
 * themselves first, and a bookkeeping device (a block device named like its disk) steps aside to `bus/name`.
 */
export function keysAt(devices: readonly DeviceInfo[]): Map<number, string> {
  const keys = deviceKeys(devices.filter((d) => !d.bookkeeping))
  for (const [id, key] of deviceKeys(devices)) if (!keys.has(id)) keys.set(id, key)
  return keys
}

/** A device's key at a moment, also of one that is gone: no device that is there has the same. */
export function keyAmong(present: readonly DeviceInfo[], device: DeviceInfo): string {
  return keysAt(present.some((d) => d.id === device.id) ? present : [...present, device]).get(device.id)!
}

/**
 * The keys over a whole log: the name, or `bus/name` for every incarnation of a name under which two lived at once
 * at any moment of the log. Incarnations that followed one another share their key. Bookkeeping devices never change
 * the key of another, but step aside themselves.
 */
export class LogKeys {
  readonly #shared = { proper: new Set<string>(), any: new Set<string>() }

  /** Looks at the devices of a moment; to be called whenever a device may have come. */
  see(devices: readonly DeviceInfo[]): void {
    const seen = { proper: new Set<string>(), any: new Set<string>() }
    const add = (kind: 'proper' | 'any', name: string): void => {
      if (seen[kind].has(name)) this.#shared[kind].add(name)
      seen[kind].add(name)
    }
    for (const { host, name, presence, bookkeeping } of devices) {
      if (presence !== 'present') continue
      add('any', keyOnHost(host, name))
      if (!bookkeeping) add('proper', keyOnHost(host, name))
    }
  }

  keyOf({ host, name, bus, bookkeeping }: Pick<DeviceInfo, 'host' | 'name' | 'bus' | 'bookkeeping'>): string {
    const isShared = this.#shared[bookkeeping ? 'any' : 'proper'].has(keyOnHost(host, name))
    return keyOnHost(host, isShared ? `${bus ?? '?'}/${name}` : name)
  }
}
