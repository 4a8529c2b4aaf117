import { between, type Count, type DeviceId } from '@devtrail/events'
import type { NvdimmPmemEvent } from '../events.ts'

/** A request queue. In a trace it is known by its pointer once the kernel closes it. */
export interface Queue {
  id: string
  device: DeviceId | null
  /** How often it is frozen. */
  frozen: Count
  dying: boolean | null
  /** Where it stands with its owner: its counter may be gone before its owner drops it, or after; null: its making was not seen. */
  owned: 'owned' | 'exited' | 'put' | null
  /** The event that told of its making. */
  allocatedAt: number | null
  ref: { id: string | null; mode: 'percpu' | 'atomic' | null; dying: boolean | null; count: Count }
}

export interface QueueStates {
  queues: Map<string, Queue>
}

export const initialQueues = (): QueueStates => ({ queues: new Map() })

/** A queue is known by its pointer only, and pointers are reused: after a gap it may be another. */
export function forgetQueues(state: QueueStates): void {
  state.queues.clear()
}

const unknown = (id: string, device: DeviceId | null): Queue => ({
  id,
  device,
  frozen: null,
  dying: null,
  owned: null,
  allocatedAt: null,
  ref: { id: null, mode: null, dying: null, count: null },
})

function queueOf(state: QueueStates, id: string, device: DeviceId | null): Queue {
  let q = state.queues.get(id)
  if (q === undefined) state.queues.set(id, (q = unknown(id, device)))
  q.device ??= device
  return q
}

/** A queue whose making was not seen: how often it is frozen adds up to nothing, and once it drained its pointer may be another's. */
function frozenUnseen(state: QueueStates, id: string, device: DeviceId | null): void {
  const old = state.queues.get(id)
  state.queues.delete(id)
  const q = queueOf(state, id, device ?? (old?.ref.count === 0 ? null : (old?.device ?? null)))
  q.frozen = between(1, Infinity)
  q.ref = { id: old?.ref.id ?? null, mode: 'atomic', dying: true, count: null }
}

/** One of the two ends of a queue. After both its memory is free for the next one, and nothing is left to be asked about. */
function leave(state: QueueStates, id: string, other: 'exited' | 'put', now: 'exited' | 'put'): void {
  const q = state.queues.get(id)
  if (q === undefined) return
  if (q.owned === other) state.queues.delete(id)
  else q.owned = now
}

export type QueueEvent = Extract<NvdimmPmemEvent, { type: `nvdimm-pmem/queue-${string}` }>

/** Folds one event about a queue. */
export function evolveQueues(state: QueueStates, event: QueueEvent): void {
  switch (event.type) {
    case 'nvdimm-pmem/queue-allocated': {
      const { queue, device, ref } = event.data
      state.queues.delete(queue)
      const q = queueOf(state, queue, device)
      Object.assign(q, { frozen: 0, dying: false, owned: 'owned', allocatedAt: event.seq })
      q.ref = { id: ref, mode: null, dying: false, count: null }
      return
    }
    case 'nvdimm-pmem/queue-dying':
      queueOf(state, event.data.queue, event.data.device).dying = true
      return
    case 'nvdimm-pmem/queue-freeze-started': {
      const { queue, device } = event.data
      const q = state.queues.get(queue)
      if (q === undefined || q.owned === null || typeof q.frozen !== 'number') return frozenUnseen(state, queue, device)
      q.frozen++
      q.ref = { ...q.ref, mode: 'atomic', dying: true, count: q.frozen === 1 ? null : q.ref.count }
      return
    }
    case 'nvdimm-pmem/queue-unfrozen': {
      const { queue, device, depth } = event.data
      const q = queueOf(state, queue, device)
      q.frozen = Math.max(depth, 0)
      if (depth === 0) q.ref = { ...q.ref, mode: null, dying: false, count: null }
      return
    }
    case 'nvdimm-pmem/queue-wait-started':
      queueOf(state, event.data.queue, event.data.device)
      return
    case 'nvdimm-pmem/queue-ref-released': {
      const { queue, device, ref } = event.data
      if (queue === null) return
      queueOf(state, queue, device).ref = { id: ref, mode: 'atomic', dying: true, count: 0 }
      return
    }
    case 'nvdimm-pmem/queue-put':
      return leave(state, event.data.queue, 'exited', 'put')
    case 'nvdimm-pmem/queue-usage-exited':
      return leave(state, event.data.queue, 'put', 'exited')
    default:
      return
  }
}
