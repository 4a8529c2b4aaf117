import type { DeviceInfo } from '@devtrail/events'
import { deviceKeys } from '@devtrail/time-travel'
import { vocabulary } from './models.ts'

/** The field in which events of a type name a device that may be there after them and was not before; null: none comes with them. */
export const bringsDeviceIn = (type: string): string | null => bringing.get(type) ?? null

/** Whether after events of a type a device may be there that was not before. */
export const bringsDevice = (type: string): boolean => bringing.has(type)

const bringing: ReadonlyMap<string, string> = new Map(
  vocabulary.types().flatMap((type): [string, string][] => {
    const { identifies, fields } = vocabulary.get(type)
    return identifies !== undefined && fields[identifies]!.kind === 'device' ? [[type, identifies]] : []
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
