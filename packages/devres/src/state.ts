import { isGapOf, emptyList, forgetList, takeFrom, type AnyEvent, type DeviceId, type ManagedId, type KnownList } from '@devtrail/events'
import type { DevresEvent, driverStates, probeOutcomes, releaseReasons } from './events.ts'

export type DriverState = (typeof driverStates)[number]
export type ProbeOutcome = (typeof probeOutcomes)[number]
export type ReleaseReason = (typeof releaseReasons)[number]

/** A managed resource on a device's list. */
export interface DevresNode {
  node: string
  release: string | null
  size: number | null
  /** The event that added it; null when it was added before the recording or in a gap. */
  addedAt: number | null
  /** Its place in the list: larger is newer. Null when not known. */
  place: number | null
  /** Whether another node stands in its place by now, whose pointer is not known. */
  replaced?: true
}

/** One run of devres_release_all or devres_release_group over a device. */
export interface ReleasePass {
  startedAt: number
  pid: number | null
  released: number[]
  /** Of the group that is released: the place of its opening marker, and of its closing one; null: not known, or no group. */
  from: number | null
  to: number | null
  /** Place of the last node released whose place is known. */
  lastPlace: number | null
  lastReleased: number | null
  /** False when entries may be missing inside the pass. */
  whole: boolean
  /** False when the recording does not tell single releases: nothing can be counted. */
  listed: boolean
  /** What the last `released` or `release-all-ended` broke; for the invariants. */
  broken: { rule: 'order' | 'count' | 'left-behind' | 'group-range'; against: number[]; expected: number; found: number } | null
  count: number | null
}

export interface Device {
  id: DeviceId
  name: string
  bus: string | null
  kind: string | null
  /** `removed`: device_del was run; `gone`: the last reference was dropped; null: not known. */
  presence: 'present' | 'removed' | 'gone' | null
  driver: { name: string | null; state: DriverState | null }
  lastProbe: { driver: string | null; errno: number | null; outcome: ProbeOutcome; seq: number } | null
  nodes: KnownList<DevresNode>
  /** Open passes, innermost last. */
  passes: ReleasePass[]
  /** The pass that ended with the event just folded, for the invariants. */
  ended: ReleasePass | null
  /** Place handed to the next node added. */
  nextPlace: number
  firstSeq: number
}

/** All devices, by incarnation. */
export interface DevresState {
  devices: Map<DeviceId, Device>
  /** Managed resources from before the recording that have been mentioned by now. */
  found: Set<ManagedId>
}

/** Nothing known yet. */
export const initialDevres = (): DevresState => ({ devices: new Map(), found: new Set() })

const PROVES_PRESENCE: ReadonlySet<string> = new Set([
  'devres/probe-started',
  'devres/probe-ended',
  'devres/remove-started',
  'devres/unbind-cleanup-started',
])

/** A log written by hand may leave it out: then nothing is missing. */
const isTold = (told: boolean | undefined): boolean => told !== false

const GROUP_MARKERS = new Set(['grp<', 'grp>'])
/** Whether a node is a group marker, which no count of resources includes. */
export const isGroupMarker = (release: string | null, size: number | null = null): boolean =>
  release === null ? size === 0 : GROUP_MARKERS.has(release)

function newDevice(id: DeviceId, name: string, bus: string | null, kind: string | null, seq: number, fresh: boolean): Device {
  return {
    id,
    name,
    bus,
    kind,
    presence: 'present',
    driver: { name: null, state: fresh ? 'unbound' : null },
    lastProbe: null,
    nodes: emptyList(fresh),
    passes: [],
    ended: null,
    nextPlace: 1,
    firstSeq: seq,
  }
}

function forget(device: Device): void {
  if (device.presence === 'gone') return
  device.presence = null
  device.driver = { name: null, state: null }
  device.lastProbe = null
  forgetList(device.nodes)
  // A node of the same address may be another by now: its place says nothing any more.
  for (const node of device.nodes.possible) node.place = null
  for (const pass of device.passes) pass.whole = false
}

/** Between which places what a release pass may release lies: of all, anywhere. */
function boundsOf(
  device: Device,
  event: Extract<DevresEvent, { type: `devres/release-${'all' | 'group'}-started` }>,
): Pick<ReleasePass, 'from' | 'to'> {
  if (event.type === 'devres/release-all-started') return { from: null, to: null }
  const { known } = device.nodes
  const open = known.find((n) => n.node === event.data.group && n.release !== CLOSING_MARKER)
  const close = known.find((n) => n.release === CLOSING_MARKER && BigInt(n.node) === BigInt(event.data.group) + MARKER_BYTES)
  return { from: open?.place ?? null, to: open === undefined ? null : (close?.place ?? null) }
}

const CLOSING_MARKER = 'grp>'
/** How far a group's closing marker lies behind its opening one. */
const MARKER_BYTES = 40n

function release(device: Device, event: { seq: number }, node: string): void {
  const taken = takeFrom(device.nodes, (n) => n.node === node)
  const pass = device.passes.at(-1)
  if (pass === undefined) return
  pass.broken = null
  if (taken?.place != null) {
    if (pass.lastPlace !== null && taken.place > pass.lastPlace) {
      pass.broken = { rule: 'order', against: [taken.addedAt!, pass.lastReleased!], expected: pass.lastPlace, found: taken.place }
    }
    if ((pass.from !== null && taken.place < pass.from) || (pass.to !== null && taken.place > pass.to))
      pass.broken = {
        rule: 'group-range',
        against: taken.addedAt === null ? [] : [taken.addedAt],
        expected: pass.from ?? 0,
        found: taken.place,
      }
    pass.lastPlace = taken.place
    pass.lastReleased = event.seq
  }
  pass.released.push(event.seq)
}

/** Takes the innermost pass off and compares what it said it released with what was seen. */
function closePass(device: Device, count: number): ReleasePass | null {
  const pass = device.passes.pop()
  if (pass === undefined) return null
  pass.count = count
  pass.broken =
    pass.listed && count >= 0 && pass.released.length !== count
      ? { rule: 'count', against: [...pass.released], expected: count, found: pass.released.length }
      : null
  return pass
}

function endPass(device: Device, event: { seq: number }, count: number, reason: ReleaseReason): void {
  const pass = (device.ended = closePass(device, count))
  const since = pass?.startedAt ?? event.seq
  const left = device.nodes.known.filter(
    (n) => n.addedAt !== null && n.addedAt < since && n.replaced !== true && !isGroupMarker(n.release, n.size),
  )
  if (pass !== null && pass.broken === null && pass.whole && pass.listed && count >= 0 && left.length > 0)
    pass.broken = { rule: 'left-behind', against: left.map((n) => n.addedAt!), expected: 0, found: left.length }
  device.nodes = {
    known: device.nodes.known.filter((n) => n.addedAt !== null && n.addedAt > since),
    possible: [],
    complete: pass !== undefined && pass !== null && pass.whole && pass.listed,
  }
  if (reason === 'unbind') device.driver = { name: null, state: 'unbound' }
  if (reason === 'device-del') {
    device.presence = 'removed'
    device.driver = { name: null, state: 'unbound' }
  }
  if (reason === 'device-release') device.presence = 'gone'
}

/** Folds one event into the state, in place. */
export function evolveDevres(state: DevresState, any: AnyEvent): void {
  if (any.type === 'log/gap' && !isGapOf(any, 'devres')) return
  if (any.type === 'log/gap') {
    for (const device of state.devices.values()) forget(device)
    return
  }
  if (!any.type.startsWith('devres/')) return
  const event = any as unknown as DevresEvent
  if (event.type === 'devres/device-found' || event.type === 'devres/device-added') {
    const { device, name, bus, kind } = event.data
    const made = newDevice(device, name, bus, kind, event.seq, event.type === 'devres/device-added')
    if (event.type === 'devres/device-found') {
      made.driver = { name: event.data.driver, state: event.data.state }
      if (event.data.state === null && !event.data.fromStart) made.presence = null
    }
    state.devices.set(device, made)
    return
  }
  const device = state.devices.get(event.data.device)
  if (device === undefined) return
  device.ended = null
  if (PROVES_PRESENCE.has(event.type)) device.presence ??= 'present'
  switch (event.type) {
    case 'devres/device-identified':
      device.bus ??= event.data.bus
      device.kind ??= event.data.kind
      return
    case 'devres/device-doubted':
      forget(device)
      return
    case 'devres/probe-started':
      // really_probe refuses a device whose list is not empty (-EBUSY), so from here on the list is known.
      if (!isTold(event.data.listed)) device.nodes = emptyList(false)
      else if (!device.nodes.complete) device.nodes = emptyList(true)
      device.driver = { name: event.data.driver, state: 'probing' }
      return
    case 'devres/probe-ended': {
      const { errno, outcome } = event.data
      device.lastProbe = { driver: device.driver.name, errno, outcome, seq: event.seq }
      if (outcome === 'bound') device.driver.state = 'bound'
      else device.driver = { name: null, state: outcome === 'unknown' ? null : 'unbound' }
      return
    }
    case 'devres/node-found': {
      const { managed, node, release, size } = event.data
      state.found.add(managed)
      device.nodes.known.unshift({ node, release, size, addedAt: null, place: null })
      return
    }
    case 'devres/remove-started':
      device.driver.name ??= event.data.driver
      device.driver.state = 'unbinding'
      return
    case 'devres/unbind-cleanup-started':
      if (event.data.reason === 'unbind') device.driver.state = 'unbinding'
      return
    case 'devres/added': {
      const { node, release, size } = event.data
      device.nodes.known.push({ node, release, size, addedAt: event.seq, place: device.nextPlace++ })
      return
    }
    case 'devres/removed':
      takeFrom(device.nodes, (n) => n.node === event.data.node)
      return
    case 'devres/replaced': {
      // The successor keeps the slot; its pointer shows only when it leaves.
      const old = device.nodes.known.find((n) => n.node === event.data.node)
      if (old === undefined) return
      old.release = event.data.release
      if (event.data.successor === null) old.replaced = true
      else Object.assign(old, { node: event.data.successor, size: event.data.successorSize })
      return
    }
    case 'devres/release-all-started':
    case 'devres/release-group-started':
      device.passes.push({
        startedAt: event.seq,
        pid: event.actor?.pid ?? null,
        released: [],
        ...boundsOf(device, event),
        lastPlace: null,
        lastReleased: null,
        whole: true,
        listed: event.type === 'devres/release-group-started' || isTold(event.data.listed),
        broken: null,
        count: null,
      })
      return
    case 'devres/released':
      if (isGroupMarker(event.data.release, event.data.size)) takeFrom(device.nodes, (n) => n.node === event.data.node)
      else release(device, event, event.data.node)
      return
    case 'devres/release-all-ended':
      endPass(device, event, event.data.count, event.data.reason)
      return
    case 'devres/release-group-ended':
      device.ended = closePass(device, event.data.count)
      return
    case 'devres/warned':
      // The kernel found resources where none were thought to be.
      if (event.data.warning === 'resources-present' && device.nodes.known.length === 0) device.nodes.complete = false
      return
    case 'devres/device-removed':
      device.presence = 'removed'
      device.driver = { name: null, state: 'unbound' }
      return
  }
}
