import type { DeviceId, Invariant } from '@devtrail/events'
import type { NvdimmPmemState } from '../state.ts'

/** The seed's mapping error that is taken for success. */
export const servedWithoutMapping: Invariant<NvdimmPmemState> = {
  id: 'nvdimm-pmem/served-without-mapping',
  says: 'A disk is added only when its bytes are mapped.',
  because:
    'the first I/O goes through a null pointer: until 4.5 devm_memremap gave NULL for a mapping that failed, and pmem_alloc looks for error pointers.',
  judge: (state, event) => {
    if (event.type !== 'nvdimm-pmem/disk-added') return []
    const { device, disk } = event.data as { device: DeviceId | null; disk: string }
    const set = device === null ? undefined : state.addresses.get(device)
    if (set === undefined || set.address !== null) return []
    const { seq, time } = event
    const summary = `${disk} was added though mapping its range had failed: its address is null`
    const about = { rule: 'nvdimm-pmem/served-without-mapping', certainty: 'certain', seq, time, device } as const
    return [{ ...about, summary, evidence: [set.seq, seq], data: { disk } }]
  },
}

export const driverInvariants: readonly Invariant<NvdimmPmemState>[] = [servedWithoutMapping]
