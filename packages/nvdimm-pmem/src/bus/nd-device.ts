import type { LiveDevice } from '@devtrail/devres'
import { errno, type DeviceId } from '@devtrail/events'
import type { Gendisk } from '../disk/gendisk.ts'
import type { NdRegion } from './nd-region.ts'
import type { NvdimmMachine } from './nvdimm-machine.ts'

/** Kinds of devices below a region; each has a seed. */
export type NdKind = 'namespace' | 'btt' | 'pfn' | 'dax'

/** An attribute in sysfs: what reading and writing it does. A number is an errno. */
export interface Attribute {
  readonly show?: () => string | number
  readonly store?: (value: string) => number
}

/** A device of the nvdimm bus: a namespace, or what can take one. */
export abstract class NdDevice {
  readonly machine: NvdimmMachine
  readonly region: NdRegion
  readonly kind: NdKind
  /** Its number among those of its kind in the region. */
  readonly index: number
  /** `namespace0.0`, `btt0.1`, … */
  readonly name: string
  readonly live: LiveDevice
  /** Its disk, while it has one. */
  disk: Gendisk | null = null

  constructor(region: NdRegion, kind: NdKind, index: number) {
    this.machine = region.machine
    this.region = region
    this.kind = kind
    this.index = index
    this.name = `${kind}${region.index}.${index}`
    this.live = this.machine.registerDevice(this)
  }

  get id(): DeviceId {
    return this.live.id
  }

  /** `dev->driver`: set from the beginning of a probe until the managed resources are released. */
  get hasDriver(): boolean {
    return this.live.driver !== null
  }

  /** What the driver keeps with it. */
  get drvdata(): unknown {
    return this.live.drvdata
  }

  set drvdata(value: unknown) {
    this.live.drvdata = value
  }

  /** Its attributes. */
  abstract readonly attributes: Readonly<Record<string, Attribute>>

  /** Reads an attribute as `cat` does: its text without the newline, or an errno: -ENXIO where there is nothing to tell, -ENOENT for none. */
  show(attribute: string): string | number {
    if (!Object.hasOwn(this.attributes, attribute)) return errno.ENOENT
    return this.attributes[attribute]!.show?.() ?? errno.EACCES
  }

  /** Writes an attribute as `echo value >` does: 0, or an errno: -EBUSY while it is bound, -EINVAL, or what the attribute says. */
  store(attribute: string, value: string): number {
    const error = this.#store(attribute, value)
    this.machine.say('nvdimm-pmem/attribute-stored', { device: this.id, attribute, value, errno: error }, this.id)
    this.machine.settle()
    return error
  }

  #store(attribute: string, value: string): number {
    if (!Object.hasOwn(this.attributes, attribute)) return errno.ENOENT
    const { store } = this.attributes[attribute]!
    return store === undefined ? errno.EACCES : store(value)
  }
}

/** Of a store: refused while the device has a driver. */
export const unlessBound =
  (device: () => NdDevice, store: (value: string) => number): ((value: string) => number) =>
  (value) =>
    device().hasDriver ? errno.EBUSY : store(value)
