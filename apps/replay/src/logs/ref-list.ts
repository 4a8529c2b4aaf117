import { rangeOf, type Json } from '@devtrail/events'
import { pagemapOwner, pagemapToJson, type MemremapState } from '@devtrail/memremap'
import { describeDevice, type Machine } from '@devtrail/time-travel'
import { asView, type PagemapView, type PageRefView, type QueueView } from '../print/view.ts'

/** A reference that is still out. */
export type Ref =
  | {
      readonly of: 'page'
      readonly device: number | null
      readonly pagemap: PagemapView
      readonly ref: PageRefView
      readonly certain: boolean
    }
  | { readonly of: 'pagemap'; readonly device: number | null; readonly pagemap: PagemapView }
  | { readonly of: 'queue'; readonly device: number | null; readonly queue: QueueView }

/** Whether a reference is surely out: the count is above idle whatever is not known of it. */
const isOut = (ref: PageRefView): boolean => rangeOf(ref.refcount).lo > ref.idle

/** The references still out at a moment: on pages (also of memory that is gone by then), pagemaps and queues. */
export function refsOf(machine: Machine, only: ReadonlySet<number> | null): Ref[] {
  const refs: Ref[] = []
  const wanted = (device: number | null): boolean => only === null || (device !== null && only.has(device))
  for (const p of machine.state<MemremapState>('memremap').pagemaps.values()) {
    const device = pagemapOwner(p, machine.facts)
    if (!wanted(device)) continue
    const pagemap = pagemapToJson(p, machine.facts) as unknown as PagemapView
    for (const ref of pagemap.pageRefs.known) refs.push({ of: 'page', device, pagemap, ref, certain: isOut(ref) })
    for (const ref of pagemap.pageRefs.possible ?? []) refs.push({ of: 'page', device, pagemap, ref, certain: false })
    if (p.phase !== 'removed') refs.push({ of: 'pagemap', device, pagemap })
  }
  for (const d of machine.devices()) {
    const { queue } = asView(describeDevice(machine, d.id))
    if (queue != null && queue.ref.count !== 0 && wanted(d.id)) refs.push({ of: 'queue', device: d.id, queue })
  }
  return refs
}

/** A reference as `refs --json` prints it. */
export function refToJson(ref: Ref, deviceKey: string | null): Json {
  if (ref.of === 'queue')
    return { of: 'queue', device: deviceKey, queue: ref.queue.id, ref: ref.queue.ref as unknown as Json, frozen: ref.queue.frozen as Json }
  const { id, ranges, state } = ref.pagemap
  const pagemap = { id, ranges: ranges as unknown as Json, state }
  if (ref.of === 'pagemap') return { of: 'pagemap', device: deviceKey, pagemap, ref: ref.pagemap.ref as unknown as Json }
  return { of: 'page', device: deviceKey, pagemap, certain: ref.certain, ...(ref.ref as unknown as { [key: string]: Json }) }
}
