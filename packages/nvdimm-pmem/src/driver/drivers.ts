import type { RulesName } from '@devtrail/memremap'
import type { NdDevice } from '../bus/nd-device.ts'
import { linux61Driver } from './linux-6.1/probe.ts'
import { seedDriver } from './seed/probe.ts'

/** nd_pmem of an era: probe gives 0 or an errno. */
export interface PmemDriver {
  readonly probe: (device: NdDevice) => number
  readonly remove: (device: NdDevice) => void
}

export const drivers: Readonly<Record<RulesName, PmemDriver>> = { seed: seedDriver, 'linux-6.1': linux61Driver }
