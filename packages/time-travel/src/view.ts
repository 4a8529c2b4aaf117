import { seconds, type DeviceInfo, type Json } from '@devtrail/events'
import { deviceKeys } from './devices.ts'
import type { Snapshot } from './history.ts'
import type { Machine } from './machine.ts'
import type { Moment } from './position.ts'

/** A moment as JSON. */
export function momentToJson(at: Moment, digits: 6 | 9 = 6): Json {
  return { seq: at.seq, entry: at.entry, time: at.time === null ? null : seconds(at.time, digits) }
}

/** Everything the models tell of one device. */
export function describeDevice(machine: Machine, device: number): { [part: string]: Json } {
  return machine.describe(device)
}

/** The devices a state shows when nobody asks for a certain one: those that are or may be present, without bookkeeping ones. */
export function shownDevices(machine: Machine, all = false): DeviceInfo[] {
  return machine.devices().filter((d) => (d.presence === 'present' || d.presence === null) && (all || !d.bookkeeping))
}

/** The device part of `state --json`. */
export function stateToJson(snapshot: Snapshot, devices: readonly DeviceInfo[], digits: 6 | 9 = 6): { [key: string]: Json } {
  const keys = deviceKeys(devices)
  return {
    schemaVersion: 1,
    at: momentToJson(snapshot.at, digits),
    devices: Object.fromEntries(devices.map((d) => [keys.get(d.id)!, describeDevice(snapshot.machine, d.id)])),
  }
}
