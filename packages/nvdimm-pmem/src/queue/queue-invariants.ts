/** What must hold of request queues, and which of the seed's bugs each rule finds. */
import type { AnyEvent, DeviceId, Invariant, Violation } from '@devtrail/events'
import type { NvdimmPmemState } from '../state.ts'
import type { Queue } from './queue-state.ts'

const violation = (rule: string, event: AnyEvent, summary: string, evidence: number[], data: Violation['data']): Violation => ({
  rule,
  certainty: 'certain',
  seq: event.seq,
  time: event.time,
  device: event.device,
  summary,
  evidence,
  data,
})

const ownedBy = (state: NvdimmPmemState, device: DeviceId): Queue[] =>
  [...state.queues.values()].filter((q) => q.device === device && (q.owned === 'owned' || q.owned === 'exited'))

/** When a device must have no queue: what just happened to it, in words; null for any other time. */
function over(event: AnyEvent): string | null {
  if (event.type === 'nvdimm-pmem/probe-started') return 'is probed anew'
  if (event.type === 'nvdimm-pmem/probe-ended' && event.data['errno'] !== 0) return 'has failed to probe'
  return null
}

/** The seed's leak: a pfn attach that fails. */
export const queueLeaked: Invariant<NvdimmPmemState> = {
  id: 'nvdimm-pmem/queue-leaked',
  says: 'A driver that fails to probe, or is about to probe anew, has cleaned up the request queue that it had.',
  because:
    'nobody else knows the queue: in the seed pmem_detach_disk returns early for want of a disk when attaching a pfn namespace fails before it has one.',
  judge: (state, event) => {
    const what = over(event)
    if (what === null) return []
    return ownedBy(state, event.data['device'] as DeviceId).map((q) =>
      violation(
        'nvdimm-pmem/queue-leaked',
        event,
        `the device ${what}, and its request queue ${q.id} was not cleaned up`,
        [q.allocatedAt ?? event.seq, event.seq],
        { queue: q.id, ref: q.ref.id },
      ),
    )
  },
}

/** The seed's dangling counter. */
export const counterDangles: Invariant<NvdimmPmemState> = {
  id: 'nvdimm-pmem/counter-dangles',
  says: "A request queue's usage counter is torn down only when no pagemap has it for its reference any more.",
  because:
    'a lookup of a page that is still registered takes that reference: the seed cleans the queue up first and leaves the mapping to devres; since 4.16-5.3 a pagemap has a reference of its own.',
  judge: (_state, event) => {
    if (event.type !== 'nvdimm-pmem/queue-usage-exited' || event.data['usedBy'] === null) return []
    const { queue, ref, usedBy } = event.data as { queue: string; ref: string; usedBy: number }
    const summary = `the usage counter ${ref} of queue ${queue} was torn down while pagemap ${usedBy} has it for its reference`
    return [violation('nvdimm-pmem/counter-dangles', event, summary, [event.seq], { queue, ref, pagemap: usedBy })]
  },
}

export const queueInvariants: readonly Invariant<NvdimmPmemState>[] = [queueLeaked, counterDangles]
