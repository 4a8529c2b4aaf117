import type { RulesName } from '@devtrail/memremap'
import type { NdDevice } from '../bus/nd-device.ts'
import { linux61Driver } from './linux-6.1/probe.ts'
import { seedDriver } from './seed/probe.ts'

/** nd_pmem of an era: probe gives 0 or an errno. */
export interface PmemDriver {
  readonly probe: (device: NdDevice) => number
  readonly remove: (device: NdDevice) => void
}

/** `nd_pmem` of an era; and for dax devices, which only 6.1 has, dax_pmem. */
export const drivers: Readonly<Record<RulesName, PmemDriver>> = { seed: seedDriver, 'linux-6.1': linux61Driver }
