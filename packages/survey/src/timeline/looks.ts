/** What the lanes of a device's row show: out of what models tell of it. */
import { isExact, rangeOf } from '@devtrail/events'
import type { DeviceView, PagemapView, PageRefView } from '../device-view.ts'
import { count, number, plural } from '../units.ts'
import type { LaneName, Look, Tone } from './timeline.ts'

const UNKNOWN: Look = { tone: 'unknown', text: '? not known', sure: false }

const DRIVER_TONES: { readonly [state: string]: Tone } = { unbound: 'off', probing: 'coming', bound: 'on', unbinding: 'going' }

function driverLook({ driver }: DeviceView): Look | null {
  if (driver === undefined) return null
  if (driver?.state == null) return { ...UNKNOWN, text: 'driver ?' }
  const by = driver.name === null ? '' : ` ${driver.state === 'bound' ? 'to' : 'by'} ${driver.name}`
  return { tone: DRIVER_TONES[driver.state] ?? 'unknown', text: `${driver.state}${driver.state === 'unbound' ? '' : by}`, sure: true }
}

const MEMORY_TONES: { readonly [state: string]: Tone } = { mapping: 'coming', live: 'on', unmapping: 'going', removed: 'off' }

/** Those that are there before those that may be, and of several the one that has come least far. */
function pagemapsOf({ pagemaps }: DeviceView): { readonly pagemap: PagemapView; readonly sure: boolean }[] {
  return [
    ...(pagemaps?.known ?? []).map((pagemap) => ({ pagemap, sure: true })),
    ...(pagemaps?.possible ?? []).map((pagemap) => ({ pagemap, sure: false })),
  ]
}

function memoryLook(view: DeviceView): Look | null {
  const all = pagemapsOf(view)
  const shown = all.find(({ pagemap }) => pagemap.state !== 'removed') ?? all.at(-1)
  if (shown === undefined) return null
  const { pagemap, sure } = shown
  const more = all.length > 1 ? ` (${plural(all.length, 'pagemap')})` : ''
  const { dying, count: references } = pagemap.ref
  const ref = dying === true ? ', ref dying' : dying === false ? `, ref live` : ', ref ?'
  const many = references === null ? '' : ` ${count(references)}`
  // Of a pagemap that is not proven to be there, or the device's, all that is told is perhaps so.
  const perhaps = sure ? '' : 'perhaps '
  if (pagemap.state === null) return { ...UNKNOWN, text: `${perhaps}pagemap ?${ref}${more}` }
  const tone = dying === true && pagemap.state === 'live' ? 'going' : (MEMORY_TONES[pagemap.state] ?? 'unknown')
  const isGone = pagemap.state === 'removed'
  return {
    tone,
    text: `${perhaps}pagemap ${pagemap.state}${isGone ? '' : ref}${isGone ? '' : many}${more}`,
    sure: sure && (isGone || (dying !== null && (references === null || isExact(references)))),
  }
}

function pagesIn(refs: readonly PageRefView[]): { readonly lo: number; readonly hi: number } {
  let [lo, hi] = [0, 0]
  for (const { pages } of refs) {
    const range = rangeOf(pages)
    lo += range.lo
    hi += range.hi
  }
  return { lo, hi }
}

/** @param gone pagemaps of the device whose memory is no more. */
function pagesLook(view: DeviceView, gone: readonly PagemapView[]): Look | null {
  const left = pagesIn(gone.flatMap(({ pageRefs }) => pageRefs.known))
  if (left.lo > 0)
    return {
      tone: 'held',
      text: `${left.lo === left.hi ? '' : '≥ '}${plural(left.lo, 'page')} referenced, memory gone`,
      sure: left.lo === left.hi,
      atLeast: left.lo,
    }
  let [lo, hi, complete] = [0, 0, true]
  for (const { pagemap, sure } of pagemapsOf(view)) {
    const known = pagesIn(pagemap.pageRefs.known)
    const possible = pagesIn(pagemap.pageRefs.possible ?? [])
    // Whoever references pages of a pagemap that may be another's does so, as `refs` has it.
    lo += known.lo
    hi += known.hi + possible.hi
    complete &&= sure && pagemap.pageRefs.complete
  }
  if (hi === 0) return null
  const sure = lo === hi && complete
  const text =
    lo === hi ? plural(lo, 'page') : lo === 0 ? `perhaps ${hi === Infinity ? 'pages' : plural(hi, 'page')}` : `≥ ${number(lo)} pages`
  return { tone: 'held', text: `${text} referenced`, sure, atLeast: lo }
}

function diskLook({ disk, queue }: DeviceView): Look | null {
  if (disk === undefined || disk === null) return null
  if (disk.state === null) return { ...UNKNOWN, text: `disk ${disk.name} ?` }
  const isFrozen = queue != null && queue.frozen !== null && rangeOf(queue.frozen).lo > 0
  const about = queue?.dying === true ? ', queue dying' : isFrozen ? ', queue frozen' : ''
  const tone: Tone = disk.state === 'removed' ? 'off' : about === '' ? 'on' : 'going'
  return { tone, text: `disk ${disk.name} ${disk.state}${about}`, sure: true }
}

const NO_PAGEMAPS = { known: [], complete: true } as const

/** Lanes that rest on the same model. */
export interface LaneGroup {
  /** Of the model that tells what they show. */
  readonly model: string
  readonly lanes: readonly LaneName[]
  /** All that they rest on, as paths into a device's view. */
  readonly restsOn: readonly string[]
  /**
   * How they look, in their order; null: there is nothing.
   * @param view what the model tells of the device.
   * @param gone the device's pagemaps whose memory is no more.
   * @param isThere false: the device itself is no more.
   */
  readonly looks: (view: DeviceView, gone: readonly PagemapView[], isThere: boolean) => readonly (Look | null)[]
}

export const LANE_GROUPS: readonly LaneGroup[] = [
  {
    model: 'devres',
    lanes: ['driver'],
    restsOn: ['presence', 'driver'],
    looks: (view, _, isThere) => [isThere ? driverLook(view) : null],
  },
  {
    model: 'memremap',
    lanes: ['memory', 'pages'],
    restsOn: ['pagemaps.state', 'pagemaps.sure', 'pagemaps.ref', 'pagemaps.pageRefs'],
    looks: (view, gone, isThere) =>
      isThere ? [memoryLook(view), pagesLook(view, gone)] : [null, pagesLook({ ...view, pagemaps: NO_PAGEMAPS }, gone)],
  },
  {
    model: 'nvdimm-pmem',
    lanes: ['disk'],
    restsOn: ['disk', 'queue'],
    looks: (view, _, isThere) => [isThere ? diskLook(view) : null],
  },
]

const isRemoved = ({ state }: PagemapView): boolean => state === 'removed'

/** How pagemaps look, lane by lane, of which nobody knows whose they are. */
export function ownerlessLooks(pagemaps: readonly PagemapView[]): (Look | null)[] {
  const there = { kind: null, pagemaps: { known: pagemaps.filter((p) => !isRemoved(p)), complete: true } }
  const gone = pagemaps.filter(isRemoved)
  return LANE_GROUPS.flatMap(({ lanes, model, looks }) => (model === 'memremap' ? looks(there, gone, true) : lanes.map(() => null)))
}

export const LANES: readonly LaneName[] = LANE_GROUPS.flatMap(({ lanes }) => lanes)

/** Whether a device is no more, by its view. */
export const isGone = ({ presence }: DeviceView): boolean => presence === 'gone' || presence === 'removed'

/**
 * A device's look in each of the lanes; null where there is nothing.
 * @param gone its pagemaps whose memory is no more.
 */
export function looksOf(view: DeviceView, gone: readonly PagemapView[]): readonly (Look | null)[] {
  return LANE_GROUPS.flatMap(({ looks }) => looks(view, gone, !isGone(view)))
}
