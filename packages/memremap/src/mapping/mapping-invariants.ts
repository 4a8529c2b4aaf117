import type { Invariant } from '@devtrail/events'
import type { MemremapState } from '../memremap-state.ts'

/** Bug 1: a mapping of devm_memremap outlives its release. */
export const mappingLeft: Invariant<MemremapState> = {
  id: 'memremap/mapping-left',
  on: ['range-released'],
  says: 'When the release of a managed mapping has run, what it had mapped is unmapped.',
  because: 'devm_memremap_release unmapped the address of its own record until 9273a8bbf58a (4.5).',
  judge: (state, event) => {
    if (event.type !== 'memremap/range-released') return []
    const address = event.data['address'] as string
    const mapping = state.mappings.get(address)
    if (mapping === undefined) return []
    return [
      {
        rule: 'memremap/mapping-left',
        certainty: 'certain',
        seq: event.seq,
        time: event.time,
        device: event.device,
        summary: `${mapping.size} bytes are still mapped at ${address} after their release has run`,
        evidence: [mapping.seq, event.seq],
        data: { address },
      },
    ]
  },
}
