import { asModel, rangeOf, type Count, type Json } from '@devtrail/events'
import { memremapModel, pagemapOwner, pagemapShownWith, pagemapToJson, type MemremapState } from '@devtrail/memremap'
import { describeDevice, joined, type Machine } from '@devtrail/time-travel'
import { asView, type PagemapView, type PageRefView, type QueueView } from './device-view.ts'

/**
 * A reference that is still out; `certain` when it surely is, whatever is not known of its count. `namespace`: of a pagemap whose
 * owner never showed, the namespace of which some claimant has it.
 */
export type Ref = { readonly device: number | null; readonly namespace: number | null; readonly certain: boolean } & (
  | { readonly of: 'page'; readonly pagemap: PagemapView; readonly ref: PageRefView }
  | { readonly of: 'pagemap'; readonly pagemap: PagemapView }
  | { readonly of: 'queue'; readonly queue: QueueView }
)

const isAbove = (count: Count, idle: number): boolean => rangeOf(count).lo > idle

/**
 * The references still out at a moment: on pages (also of memory that is gone by then), pagemaps and queues. `only`: of these devices,
 * and of pagemaps that may be theirs for all that is known.
 */
export function refsOf(machine: Machine, only: ReadonlySet<number> | null): Ref[] {
  const refs: Ref[] = []
  const wanted = (device: number | null): boolean => only === null || (device !== null && only.has(device))
  const pagemaps = machine.states<MemremapState>('memremap').flatMap(([, state]) => [...state.pagemaps.values()])
  for (const p of pagemaps) {
    const device = pagemapOwner(p, machine.facts)
    const namespace = device === null ? pagemapShownWith(p, machine.facts) : null
    if (!wanted(device ?? namespace)) continue
    const shown = pagemapToJson(p, machine.facts)
    if (device !== null) joined(machine, device, asModel(memremapModel), { pagemaps: { known: [shown] } })
    const pagemap = shown as unknown as PagemapView
    const of = { device, namespace, pagemap }
    for (const ref of pagemap.pageRefs.known) refs.push({ of: 'page', ...of, ref, certain: isAbove(ref.refcount, ref.idle) })
    for (const ref of pagemap.pageRefs.possible ?? []) refs.push({ of: 'page', ...of, ref, certain: false })
    if (p.phase !== 'removed' && pagemap.ref.count !== 0) refs.push({ of: 'pagemap', ...of, certain: isAbove(pagemap.ref.count, 0) })
  }
  for (const d of machine.devices()) {
    const { queue } = asView(describeDevice(machine, d.id))
    if (queue != null && queue.ref.count !== 0 && wanted(d.id))
      refs.push({ of: 'queue', device: d.id, namespace: null, queue, certain: isAbove(queue.ref.count, 0) })
  }
  return refs
}

/** Those of pagemaps of which it is not known whose they are: a device that is asked for may have them. */
export const isOwnerless = ({ device, namespace }: Ref): boolean => device === null && namespace === null

/** A reference as `refs --json` prints it. */
export function refToJson(ref: Ref, keyOf: (device: number) => string): Json {
  const { of, certain } = ref
  const deviceKey = ref.device === null ? null : keyOf(ref.device)
  const namespace = ref.namespace === null ? {} : { namespace: keyOf(ref.namespace) }
  if (of === 'queue') {
    const { id, ref: counter, frozen } = ref.queue
    return { of, device: deviceKey, queue: id, certain, ref: counter as unknown as Json, frozen: frozen as Json }
  }
  const { id, ranges, state } = ref.pagemap
  const pagemap = { id, ranges: ranges as unknown as Json, state }
  if (of === 'pagemap') return { of, device: deviceKey, ...namespace, pagemap, certain, ref: ref.pagemap.ref as unknown as Json }
  return { of, device: deviceKey, ...namespace, pagemap, certain, ...(ref.ref as unknown as { [key: string]: Json }) }
}
