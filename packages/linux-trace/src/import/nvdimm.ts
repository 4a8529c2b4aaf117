/** The pmem driver, its disk and queue: drivers/nvdimm, block. */
import { errnoOf, pointer, string } from '../values.ts'
import type { ProbeHit } from '../probe-hit.ts'
import type { ImportContext } from './context.ts'
import { deviceAtHand } from './devices.ts'
import { nearestBelow } from './pagemaps.ts'
import { signsOf } from './probe-outcome.ts'

type Kind = 'btt' | 'pfn' | 'dax'

const device = (ctx: ImportContext, hit: ProbeHit, bound = false): number =>
  deviceAtHand(ctx, string(hit.fields, 'dev') ?? '?', 'nd', bound ? 'nd_pmem' : null)

/** A call on a device that is said when entered and when left. */
interface Paired {
  readonly enter: (ctx: ImportContext, device: number) => number
  readonly leave: (ctx: ImportContext, device: number, errno: number, cause: readonly number[]) => void
}

const paired: Readonly<Record<string, Paired>> = {
  pmem_attach_disk: {
    enter: (ctx, device) => ctx.say('nvdimm-pmem/attach-disk-started', { device }),
    leave: (ctx, device, errno, cause) => void ctx.say('nvdimm-pmem/attach-disk-ended', { device, errno }, { cause }),
  },
  nd_pmem_remove: {
    enter: (ctx, device) => {
      const seq = ctx.say('nvdimm-pmem/remove-started', { device })
      ctx.say('devres/remove-started', { device, driver: 'nd_pmem' }, { cause: [seq], inferred: true })
      return seq
    },
    leave: (ctx, device, errno, cause) => void ctx.say('nvdimm-pmem/remove-ended', { device, errno }, { cause }),
  },
  nd_pmem_shutdown: {
    enter: (ctx, device) => ctx.say('nvdimm-pmem/shutdown-started', { device }),
    leave: (ctx, device, errno, cause) => void ctx.say('nvdimm-pmem/shutdown-ended', { device, errno }, { cause }),
  },
}

export const isPaired = (symbol: string): boolean => Object.hasOwn(paired, symbol)

/** Calls that a driver gets only for devices it is bound to. */
const OF_BOUND = new Set(['nd_pmem_remove', 'nd_pmem_shutdown'])

export function pairedStarted(ctx: ImportContext, hit: ProbeHit): void {
  const d = device(ctx, hit, OF_BOUND.has(hit.symbol))
  ctx.enter(hit, paired[hit.symbol]!.enter(ctx, d), d)
}

export function pairedEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  paired[hit.symbol]!.leave(ctx, frame.device!, errnoOf(hit.fields), frame.cause)
}

export function pmemProbeStarted(ctx: ImportContext, hit: ProbeHit): void {
  const d = device(ctx, hit)
  ctx.enter(hit, ctx.say('nvdimm-pmem/probe-started', { device: d }), d, { found: { kind: null as Kind | null } })
}

export function pmemProbeEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const errno = errnoOf(hit.fields)
  const probe = signsOf(ctx, frame.device!)
  if (probe !== undefined) probe.driverErrno = errno
  const comeBackAs = errno === 0 ? null : (frame.data['found'] as { kind: Kind | null }).kind
  ctx.say('nvdimm-pmem/probe-ended', { device: frame.device!, errno, comeBackAs }, { cause: frame.cause })
}

const DETECT: Readonly<Record<string, Kind>> = { nd_btt_probe: 'btt', nd_pfn_probe: 'pfn', nd_dax_probe: 'dax' }

export function autodetectStarted(ctx: ImportContext, hit: ProbeHit): void {
  const d = device(ctx, hit)
  ctx.enter(hit, ctx.say('nvdimm-pmem/autodetect-started', { device: d, kind: DETECT[hit.symbol]! }), d)
}

export function autodetectEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const errno = errnoOf(hit.fields)
  const kind = DETECT[hit.symbol]!
  const probe = ctx.task.frames.findLast((f) => f.symbol === 'nd_pmem_probe')
  if (errno === 0 && probe !== undefined) (probe.data['found'] as { kind: Kind | null }).kind = kind
  ctx.say('nvdimm-pmem/autodetect-ended', { device: frame.device!, kind, errno }, { cause: frame.cause })
}

export function setupPfnStarted(ctx: ImportContext, hit: ProbeHit): void {
  const d = ctx.busyWith
  ctx.enter(hit, ctx.say('nvdimm-pmem/setup-pfn-started', { device: d, pagemapPointer: pointer(hit.fields, 'pgmap') }), d)
}

export function setupPfnEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  ctx.say('nvdimm-pmem/setup-pfn-ended', { device: frame.device, errno: errnoOf(hit.fields) }, { cause: frame.cause })
}

export function bttAttachStarted(ctx: ImportContext, hit: ProbeHit): void {
  const d = ctx.busyWith
  ctx.enter(hit, ctx.say('nvdimm-pmem/btt-attach-started', { device: d }), d)
}

export function bttAttachEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  ctx.say('nvdimm-pmem/btt-attach-ended', { device: frame.device, errno: errnoOf(hit.fields) }, { cause: frame.cause })
}

export function bttDetached(ctx: ImportContext, _hit: ProbeHit): void {
  ctx.say('nvdimm-pmem/btt-detached', { device: ctx.busyWith })
}

/** Which disk is whose is learnt once and holds for the disk's life. */
function identifyDisk(ctx: ImportContext, device: number | null, disk: string): void {
  if (device !== null) ctx.say('nvdimm-pmem/disk-identified', { device, disk }, { inferred: true })
}

export function diskAdded(ctx: ImportContext, hit: ProbeHit): void {
  const parent = string(hit.fields, 'parent') ?? '?'
  const disk = string(hit.fields, 'disk') ?? '?'
  const owner = deviceAtHand(ctx, parent)
  ctx.say('nvdimm-pmem/disk-added', { device: owner, disk, parent })
  identifyDisk(ctx, owner, disk)
}

export function diskRemoved(ctx: ImportContext, hit: ProbeHit): void {
  const disk = string(hit.fields, 'disk') ?? '?'
  const before = ctx.nvdimm.disks.get(disk)
  const owner = ctx.busyWith ?? (before?.state === 'added' ? before.device : null)
  const known = before?.device === owner
  ctx.say('nvdimm-pmem/disk-removed', { device: owner, disk })
  if (!known) identifyDisk(ctx, owner, disk)
  ctx.task.disk = owner
}

export function daxKilled(ctx: ImportContext, hit: ProbeHit): void {
  ctx.say('nvdimm-pmem/dax-killed', { device: ctx.busyWith, dax: pointer(hit.fields, 'dax_dev') ?? '0x0' })
}

/** The device of a queue: of the disk that this task is taking away, or as known from before. */
function queueDevice(ctx: ImportContext, queue: string): number | null {
  if (ctx.task.disk !== null && ctx.task.disk === ctx.busyWith) return ctx.task.disk
  const known = ctx.nvdimm.queues.get(queue)
  return known === undefined || known.ref.count === 0 ? null : known.device
}

export function queueFreezeStarted(ctx: ImportContext, hit: ProbeHit): void {
  const queue = pointer(hit.fields, 'q') ?? '0x0'
  ctx.say('nvdimm-pmem/queue-freeze-started', { device: queueDevice(ctx, queue), queue })
}

export function queueWaitStarted(ctx: ImportContext, hit: ProbeHit): void {
  const queue = pointer(hit.fields, 'q') ?? '0x0'
  const d = queueDevice(ctx, queue)
  ctx.enter(hit, ctx.say('nvdimm-pmem/queue-wait-started', { device: d, queue }), d, { queue })
}

export function queueWaitEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  ctx.say('nvdimm-pmem/queue-wait-ended', { device: frame.device, queue: frame.data['queue'] as string }, { cause: frame.cause })
}

export function queueRefReleased(ctx: ImportContext, hit: ProbeHit): void {
  const ref = pointer(hit.fields, 'ref') ?? '0x0'
  const queue = nearestBelow(
    [...ctx.nvdimm.queues.values()].map((q) => [q.id, q] as const),
    ref,
  )
  ctx.say('nvdimm-pmem/queue-ref-released', { device: queue?.device ?? null, queue: queue?.id ?? null, ref })
}
