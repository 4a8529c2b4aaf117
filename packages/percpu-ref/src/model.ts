import { hex, type AnyEvent, type Json, type Model, type View, type Views } from '@devtrail/events'
import { percpuRefCatalogue } from './events.ts'
import { percpuRefInvariants } from './invariants.ts'
import { evolvePercpuRef, initialPercpuRef, referencesOf, type PercpuRefState, type RefState } from './state.ts'

const mode = (ref: RefState): string | null => (ref.atomic === null ? null : ref.atomic ? 'atomic' : 'percpu')

const view = (ref: RefState): Json => {
  const references = referencesOf(ref)
  return {
    id: ref.id,
    release: ref.release,
    mode: mode(ref),
    dying: ref.dead,
    count: references === null ? null : Number(references),
    switching: ref.switching,
    forceAtomic: ref.forceAtomic,
    allowReinit: ref.allowReinit,
    exited: ref.exited,
    raw: {
      count: ref.count === null ? null : hex(ref.count),
      perCpu: ref.perCpu === null ? null : ref.perCpu.map((c) => Number(BigInt.asIntN(64, c))),
    },
    initialisedAt: ref.initialisedAt,
  }
}

/** Nothing says that every ref of a device is in the recording, so the list is never complete. */
const describe: View<PercpuRefState> = (state, device) => ({
  percpuRefs: { known: [...state.refs.values()].filter((ref) => ref.device === device).map(view), complete: false },
})

const COUNTS: readonly string[] = ['percpuRefs.count', 'percpuRefs.raw']

/** A ref changes with events that name it. */
function isChangedBy({ data }: AnyEvent, key: number | bigint | string): boolean {
  const { ref } = data
  return typeof ref !== 'string' || !/^0x[0-9a-f]+$/.test(ref) || typeof key === 'string' || BigInt(ref) === BigInt(key)
}

const views: Views = {
  parts: ['percpuRefs'],
  lists: { percpuRefs: { by: ['id'], isChangedBy }, perCpu: { by: [] } },
  touches: { got: COUNTS, tried: COUNTS, put: COUNTS },
  // The address may have been that of another device's ref.
  reachesAll: ['initialised'],
}

/** percpu_ref under the contract of a model. */
export const percpuRefModel: Model<PercpuRefState> = {
  name: 'percpu-ref',
  catalogue: percpuRefCatalogue,
  initial: initialPercpuRef,
  evolve: evolvePercpuRef,
  invariants: percpuRefInvariants,
  describe,
  views,
}
