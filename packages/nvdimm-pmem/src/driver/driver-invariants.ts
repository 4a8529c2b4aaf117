import type { DeviceId, Invariant } from '@devtrail/events'
import type { NvdimmPmemState } from '../state.ts'

/** The seed's mapping error that is taken for success. */
export const servedWithoutMapping: Invariant<NvdimmPmemState> = {
  id: 'nvdimm-pmem/served-without-mapping',
  says: 'A driver goes on, to look for superblocks and to serve a disk, only when its bytes are mapped.',
  because:
    'the first I/O goes through a null pointer: until 4.5 devm_memremap gave NULL for a mapping that failed, and pmem_alloc looks for error pointers.',
  judge: (_state, event) => {
    if (event.type !== 'nvdimm-pmem/address-set' || event.data['address'] !== null) return []
    const { seq, time } = event
    const device = event.data['device'] as DeviceId
    const summary = 'its driver goes on though mapping its range had failed: its address is null'
    const about = { rule: 'nvdimm-pmem/served-without-mapping', certainty: 'certain', seq, time, device } as const
    return [{ ...about, summary, evidence: [seq], data: { address: null } }]
  },
}

export const driverInvariants: readonly Invariant<NvdimmPmemState>[] = [servedWithoutMapping]
