/** Which incarnation of a device an entry means when all it has is a name. */
import { isGroupMarker, type DevresState } from '@devtrail/devres'
import type { ImportContext } from './context.ts'
import { busOfName, isSharedName, kindOf } from './device-kinds.ts'
import type { Frame } from './frame.ts'

type Device = DevresState['devices'] extends Map<number, infer D> ? D : never

/** How the device was seen when it was first mentioned. */
export interface FirstSeen {
  readonly bus?: string | null
  /** Known to have been bound already. */
  readonly bound?: boolean
  readonly driver?: string | null
}

/** The incarnations of a name that are not gone, oldest first. */
export function incarnations(ctx: ImportContext, name: string): Device[] {
  return [...ctx.devres.devices.values()].filter((d) => d.name === name && d.presence !== 'gone')
}

/** Takes note of a device that was there before it was first mentioned. */
export function findDevice(ctx: ImportContext, name: string, seen: FirstSeen = {}): number {
  const device = ctx.ids.next('device')
  const bus = seen.bus ?? busOfName(name)
  ctx.say(
    'devres/device-found',
    {
      device,
      name,
      bus,
      kind: kindOf(name, bus),
      state: seen.bound ? 'bound' : null,
      driver: seen.bound ? (seen.driver ?? null) : null,
      fromStart: (seen.bound ?? false) && !ctx.gapSeen,
    },
    { inferred: true, cause: [] },
  )
  return device
}

/** More became known: on which bus a device of a shared name lives. */
function identify(ctx: ImportContext, device: Device, bus: string | null): number {
  if (bus !== null && device.bus === null) {
    ctx.say('devres/device-identified', { device: device.id, bus, kind: kindOf(device.name, bus) }, { inferred: true })
  }
  return device.id
}

/** After a gap another device of a shared name may have come: what is not told by a call or a node is doubtful. */
function doubtful(ctx: ImportContext, name: string, device: number): number {
  if (!ctx.gapSeen || !isSharedName(name)) return device
  for (const d of incarnations(ctx, name)) ctx.doubted.add(d.id)
  return device
}

/** The device of a call that the task at hand is in. */
function inFrame(ctx: ImportContext, candidates: readonly Device[]): Device | undefined {
  const frame = frameOf(ctx, candidates)
  return frame && candidates.find((d) => d.id === frame.device)
}

const frameOf = (ctx: ImportContext, candidates: readonly Device[]): Frame | undefined =>
  ctx.task.frames.findLast((f) => candidates.some((d) => d.id === f.device))

/** Whether a call that the task is thought to be in may be over: its return may be among what is missing since it was entered. */
const mayBeOver = (ctx: ImportContext, device: Device): boolean => frameOf(ctx, [device])!.seq < ctx.lastGap

/**
 * A device that is about to be probed. A name on another bus than those known, or one that was removed, is a new one.
 */
export function deviceToProbe(ctx: ImportContext, name: string, bus: string | null): number {
  const wanted = bus ?? busOfName(name)
  const alive = incarnations(ctx, name).filter((d) => d.presence === 'present' || d.presence === null)
  // Of a shared name one whose bus never showed may be the other one.
  const fitting = alive.filter((d) => wanted === null || d.bus === wanted || (d.bus === null && !isSharedName(name)))
  // A device that is being probed or is bound cannot be probed again.
  const free = fitting.filter((d) => d.driver.state === 'unbound' || d.driver.state === null)
  const device = (free.length > 0 ? free : fitting).at(-1)
  return device === undefined ? findDevice(ctx, name, { bus: wanted }) : identify(ctx, device, wanted)
}

/**
 * A device named by an entry inside some call: the one the task is busy with, if it has that name. `driver`:
 * the call proves that it is bound to this one, so a device never seen to be bound was so from the start.
 */
export function deviceAtHand(ctx: ImportContext, name: string, bus: string | null = null, driver: string | null = null): number {
  const all = incarnations(ctx, name)
  const alive = all.filter((d) => d.presence === 'present' || d.presence === null)
  const candidates = alive.length > 0 ? alive : all
  if (candidates.length === 0) return doubtful(ctx, name, findDevice(ctx, name, { bus, driver, bound: driver !== null && !ctx.gapSeen }))
  const fitting = bus === null ? candidates : candidates.filter((d) => d.bus === null || d.bus === bus)
  const framed = inFrame(ctx, fitting)
  if (framed !== undefined)
    return ctx.isDoubtful(framed.id) || mayBeOver(ctx, framed) ? doubtful(ctx, name, framed.id) : identify(ctx, framed, bus)
  const device = fitting.at(-1) ?? candidates.at(-1)!
  return doubtful(ctx, name, isSharedName(name) ? device.id : identify(ctx, device, bus))
}

/** The device that a devres node was added to; by name where the node is not known. */
export function deviceOfNode(ctx: ImportContext, name: string, node: string): number {
  const candidates = incarnations(ctx, name)
  const has = (d: Device): boolean => d.nodes.known.some((n) => n.node === node) || d.nodes.possible.some((n) => n.node === node)
  const owners = candidates.filter(has)
  const [owner] = owners
  if (owners.length === 1) return owner!.nodes.known.some((n) => n.node === node) ? owner!.id : doubtful(ctx, name, owner!.id)
  const pick = inFrame(ctx, owners.length > 0 ? owners : candidates)
  return doubtful(ctx, name, pick?.id ?? deviceAtHand(ctx, name))
}

/**
 * The device that is about to be unbound. Where two of the name may be meant, how the call goes on tells: one whose
 * unbinding unbinds another of its name is on the nd bus, and the first node released tells whose list it was on.
 */
export function deviceToUnbind(ctx: ImportContext, name: string): number {
  const probing = ctx.task.frames.findLast((f) => f.symbol === 'really_probe' || f.symbol === 'device_unbind_cleanup')
  const alive = incarnations(ctx, name).filter((d) => d.presence === 'present' || d.presence === null)
  if (probing?.symbol === 'really_probe' && alive.some((d) => d.id === probing.device)) return probing.device!
  const unbinding = new Set(ctx.task.frames.filter((f) => f.symbol === 'device_unbind_cleanup').map((f) => f.device))
  const free = alive.filter((d) => !unbinding.has(d.id))
  if (!isSharedName(name)) {
    const bound = free.filter((d) => d.driver.state !== 'unbound')
    return (bound.at(-1) ?? free.at(-1))?.id ?? findDevice(ctx, name, { bound: !ctx.gapSeen })
  }
  const bus = unbinding.size > 0 ? 'dax' : busAhead(ctx, name)
  const byNode = nodeAhead(ctx, name, free)
  if (byNode !== undefined) return identify(ctx, byNode, bus)
  const possible = free.filter((d) => (bus === null ? d.driver.state !== 'unbound' : d.bus === bus))
  const fitting = byCount(possible, countAhead(ctx, 0))
  const device = fitting.find((d) => d.driver.state === 'bound') ?? fitting.at(-1)
  if (device === undefined) return doubtful(ctx, name, findDevice(ctx, name, { bus, bound: !ctx.gapSeen }))
  return doubtful(ctx, name, identify(ctx, device, bus))
}

/** `nd` when another device of the name is unbound within this unbind; null when that cannot be told. */
function busAhead(ctx: ImportContext, name: string): 'nd' | 'dax' | null {
  const { pid } = ctx.entry
  let depth = 0
  for (const e of ctx.window.ahead()) {
    if (e.pid !== pid) continue
    if (e.body.includes('device_unbind_cleanup+0x0') && e.body.includes(`"${name}"`)) return 'nd'
    if (e.body.startsWith('(devres_release_all+')) depth++
    if (e.body.includes('<- devres_release_all)') && --depth <= 0) return null
  }
  return null
}

/** How many resources a device has; null when its list is not known as a whole. */
const resourcesOf = ({ nodes }: Device): number | null =>
  nodes.complete && nodes.possible.length === 0 ? nodes.known.filter((n) => !isGroupMarker(n.release, n.size)).length : null

/** Those that may release so many resources: one whose list is known does not release another number. */
function byCount(candidates: readonly Device[], count: number | null): readonly Device[] {
  if (count === null) return candidates
  const exact = candidates.filter((d) => resourcesOf(d) === count)
  return exact.length > 0 ? exact : candidates.filter((d) => resourcesOf(d) === null)
}

/**
 * How many resources the release that comes next in this task (`depth` 0), or that begins here (1), releases, as the
 * kernel says; null when that cannot be told.
 */
function countAhead(ctx: ImportContext, depth: number): number | null {
  const { pid } = ctx.entry
  for (const e of ctx.window.ahead()) {
    if (e.pid !== pid) continue
    if (e.body.startsWith('(devres_release_all+')) depth++
    if (!e.body.includes('<- devres_release_all)') || --depth > 0) continue
    const ret = /=(\d+|0x[\da-f]+)\b/.exec(e.body)?.[1]
    return ret === undefined ? null : Number(ret)
  }
  return null
}

/** The candidate that has the node released first in what follows. */
function nodeAhead(ctx: ImportContext, name: string, candidates: readonly Device[]): Device | undefined {
  const { pid } = ctx.entry
  for (const e of ctx.window.ahead()) {
    if (e.pid !== pid) continue
    if (e.body.includes('<- devres_release_all)')) return undefined
    if (e.event !== 'devres_log' || !e.body.startsWith(`${name} REL `)) continue
    const node = `0x${e.body.split(' ')[2]}`
    return candidates.find((d) => d.nodes.known.some((n) => n.node === node))
  }
  return undefined
}

/** The device that devres_release_all is run on outside an unbind: by device_del first, by its last put later. */
export function deviceToRelease(ctx: ImportContext, name: string, reason: 'device-del' | 'device-release' | 'unknown'): number {
  const busy = new Set(ctx.task.frames.filter((f) => f.symbol === 'device_unbind_cleanup').map((f) => f.device))
  const all = incarnations(ctx, name)
  const counted = byCount(all, countAhead(ctx, 1))
  const candidates = counted.length > 0 ? counted : all
  const removed = candidates.filter((d) => d.presence === 'removed')
  const present = candidates.filter((d) => d.presence === 'present' || d.presence === null)
  if (reason === 'device-release') return doubtful(ctx, name, (removed[0] ?? present[0])?.id ?? findDevice(ctx, name))
  const idle = present.filter((d) => !busy.has(d.id))
  const unbound = idle.filter((d) => d.driver.state === 'unbound')
  return doubtful(ctx, name, (unbound[0] ?? idle[0] ?? present[0] ?? removed[0])?.id ?? findDevice(ctx, name))
}
