/** What nd_pmem of the two eras have in common. */
import type { Driver, LiveDevice } from '@devtrail/devres'
import type { NvdimmPmemPayload, RequestQueue } from '@devtrail/nvdimm-pmem'
import type { DriverMachine } from './driver-machine.ts'

/** A disk while there is one. */
export interface LiveDisk {
  readonly name: string
  readonly device: LiveDevice
  readonly queue: RequestQueue
  /** Whether files on it can be reached: until it is killed. */
  isAlive: boolean
}

/** What a namespace's info block makes of it. */
export interface Claiming {
  /** Whether another device claims the namespace. */
  readonly isClaimed: () => boolean
  /** Registers one that does. */
  readonly comesBack: () => void
}

/** nd_pmem, bound to the devices of one namespace. */
export interface PmemDriver extends Driver {
  /** Null while it has none. */
  readonly disk: LiveDisk | null
}

/** Says what happens to a device, caused by `cause` if that is not 0. */
export function say<T extends NvdimmPmemPayload['type']>(
  { emitter }: DriverMachine,
  type: T,
  data: Extract<NvdimmPmemPayload, { type: T }>['data'] & { readonly device: number | null },
): number {
  return emitter.on ? emitter.emit<NvdimmPmemPayload>(type, data, { device: data.device }) : 0
}
