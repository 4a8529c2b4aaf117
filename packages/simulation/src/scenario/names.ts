/** What the steps of a scenario may name. */
import { claimants, diskOf, numbersOf } from './claimants.ts'
import type { Scenario } from './scenario.ts'
import { bytesOf } from './units.ts'

export interface Names {
  /** Regions by their numbers. */
  readonly regions: ReadonlySet<number>
  /** Devices that there are when the tasks begin: what an error lists. */
  readonly devices: ReadonlySet<string>
  /** Disks and character devices that there are then. */
  readonly disks: ReadonlySet<string>
  /** Bytes of the largest region or namespace. */
  readonly largest: bigint
  /** Files and how many pages they have. */
  readonly files: ReadonlyMap<string, number>
}

const DEVICE = /^(?:namespace|btt|pfn|dax)(\d{1,3})\.\d{1,3}$/
const DISK = /^(?:pmem|dax)(\d{1,3})(?:\.\d{1,3})?s?$/

/** Those of a machine, without files. */
export function namesOf({ regions = [], namespaces = [] }: Pick<Scenario, 'regions' | 'namespaces'>): Names {
  const numbers = [...regions.map(({ name }) => Number(name.slice('region'.length))), ...namespaces.map((spec) => numbersOf(spec)[0])]
  const holders = (['linux-6.1', 'seed'] as const).flatMap((rules) => [...claimants(namespaces, rules).values()])
  return {
    regions: new Set(numbers),
    devices: new Set([...namespaces.map(({ name }) => name), ...holders]),
    disks: new Set(namespaces.map(diskOf)),
    largest: [...regions, ...namespaces].reduce((most, { size }) => (bytesOf(size)! > most ? bytesOf(size)! : most), 0n),
    files: new Map(),
  }
}

const isIn = (pattern: RegExp, name: string, { regions }: Names): boolean => {
  const number = pattern.exec(name)?.[1]
  return number !== undefined && regions.has(Number(number))
}

/** Whether a device of that name can be there at some time: tasks make others than there are at the beginning. */
export const isDevice = (name: string, names: Names): boolean => isIn(DEVICE, name, names)

/** Whether a disk or character device of that name can be there at some time. */
export const isDisk = (name: string, names: Names): boolean => isIn(DISK, name, names)
