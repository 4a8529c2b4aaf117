/** The iomem tree and other resource trees: kernel/resource.c. */
import { childrenOf, isDeclared, topOf, type RegionNode } from '@devtrail/resource-tree'
import { errnoOf, pointer, string, u64 } from '../values.ts'
import type { ProbeHit } from '../probe-hit.ts'
import type { ImportContext } from './context.ts'

type How = 'request_region' | 'request_resource' | 'request_resource_conflict' | 'insert_resource' | 'insert_resource_conflict'

const IORESOURCE_SYSRAM_DRIVER_MANAGED = 0x0200_0000n
/** Static objects of the kernel image lie above; the roots iomem_resource and ioport_resource are such. */
const KERNEL_IMAGE = 0xffff_ffff_8000_0000n
/** The last x86 I/O port. */
const IOPORT_MAX = 0xffffn

/** Names that drivers request busy regions under: nothing is ever granted inside one. */
const DRIVER_REGION = /^(?:namespace|dax|btt|pfn)\d+\.\d+$/

function nodeByPointer(ctx: ImportContext, p: string): RegionNode | undefined {
  for (const node of ctx.tree.nodes.values()) if (node.pointer === p && node.sure) return node
  return undefined
}

/** The tree that a parent pointer stands for: iomem for the kernel's own root, else one known by that pointer. */
function rootOf(ctx: ImportContext, parent: string, start: bigint): { root: string; under: RegionNode | null } {
  const node = nodeByPointer(ctx, parent)
  if (node !== undefined) return { root: node.root, under: node }
  if (BigInt(parent) < KERNEL_IMAGE) return { root: parent, under: null }
  return { root: start > IOPORT_MAX ? 'iomem' : 'ioport', under: null }
}

const overlaps = (n: RegionNode, start: bigint, end: bigint): boolean => n.start <= end && start <= n.end
const contains = (n: RegionNode, start: bigint, end: bigint): boolean => n.start <= start && end <= n.end

/** Whether the kernel would have descended into a node to grant a range inside it. */
function admits(node: RegionNode, name: string | null, flags: bigint | null): boolean {
  // add_memory() asks for its range inside the driver's own, which the driver has made not busy for that.
  const memory = (flags !== null && (flags & IORESOURCE_SYSRAM_DRIVER_MANAGED) !== 0n) || name?.startsWith('System RAM')
  if (memory && !/^(?:namespace|btt|pfn)\d/.test(node.name ?? '')) return true
  if (node.since > 0 && node.flags !== null) return false
  return node.children.length > 0 || !(node.name !== null && DRIVER_REGION.test(node.name))
}

interface Place {
  parent: RegionNode | null
  /** Nodes that cannot be there, since the kernel granted their range. */
  gone: RegionNode[]
}

/** Where a granted range stands, by what the kernel does to find its place. */
function placeOf(
  ctx: ImportContext,
  root: string,
  under: RegionNode | null,
  start: bigint,
  end: bigint,
  how: How,
  name: string | null,
  flags: bigint | null,
): Place {
  let parent = under
  for (;;) {
    const list = parent === null ? topOf(ctx.tree, root) : childrenOf(ctx.tree, parent)
    const hits = list.filter((n) => overlaps(n, start, end))
    if (hits.length === 0) return { parent, gone: [] }
    const [only] = hits
    if (hits.length === 1 && contains(only!, start, end)) {
      const same = only!.start === start && only!.end === end
      if (how.startsWith('insert') ? !same : how === 'request_region' && admits(only!, name, flags)) {
        parent = only!
        continue
      }
    }
    if (how.startsWith('insert')) return { parent, gone: hits.filter((n) => !(start <= n.start && n.end <= end)) }
    return { parent, gone: hits }
  }
}

function granted(
  ctx: ImportContext,
  parent: string,
  start: bigint,
  end: bigint,
  name: string | null,
  flags: bigint | null,
  how: How,
  node: string | null,
  cause: number,
): void {
  const { root, under } = rootOf(ctx, parent, start)
  const place = placeOf(ctx, root, under, start, end, how, name, flags)
  for (const n of place.gone) {
    ctx.say(
      'resource-tree/released',
      { root, region: n.id, start: n.start, end: n.end, name: n.name, how: 'unseen', pointer: null },
      { inferred: true, cause: [cause] },
    )
  }
  const region = ctx.ids.next('region')
  ctx.say(
    'resource-tree/requested',
    {
      root,
      region,
      parent: place.parent?.id ?? null,
      start,
      end,
      name,
      flags,
      how,
      pointer: node,
      nodeFlags: null,
      desc: null,
      place: null,
      adopted: null,
    },
    { cause: [cause] },
  )
  ctx.task.granted = root === 'iomem' ? { region, seq: ctx.seq } : null
}

export function regionRequestStarted(ctx: ImportContext, hit: ProbeHit): void {
  const parent = pointer(hit.fields, 'parent') ?? '0x0'
  const start = u64(hit.fields, 'start') ?? 0n
  const size = u64(hit.fields, 'n')
  const data = { parent, start, size, name: string(hit.fields, 'name'), flags: u64(hit.fields, 'flags') }
  const seq = ctx.say('resource-tree/request-started', { how: 'request_region', resource: null, end: null, ...data })
  ctx.enter(hit, seq, null, data)
}

export function regionRequestEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const { parent, start, size, name, flags } = frame.data as {
    parent: string
    start: bigint
    size: bigint | null
    name: string | null
    flags: bigint | null
  }
  const end = BigInt.asUintN(64, start + (size ?? 1n) - 1n)
  const node = pointer(hit.fields, 'ret')
  if (node !== null) return granted(ctx, parent, start, end, name, flags, 'request_region', node, frame.seq)
  ctx.say(
    'resource-tree/refused',
    { root: rootOf(ctx, parent, start).root, start, end, name, how: 'request_region', errno: null },
    { cause: frame.cause },
  )
}

export function resourceRequestStarted(ctx: ImportContext, hit: ProbeHit): void {
  const data = {
    parent: pointer(hit.fields, 'parent') ?? '0x0',
    resource: pointer(hit.fields, 'res'),
    start: u64(hit.fields, 'start') ?? 0n,
    end: u64(hit.fields, 'end'),
    name: string(hit.fields, 'name'),
    flags: u64(hit.fields, 'flags'),
  }
  const seq = ctx.say('resource-tree/request-started', { how: hit.symbol as How, size: null, ...data })
  ctx.enter(hit, seq, null, data)
}

/** `request_resource` calls `request_resource_conflict`: only the outermost of nested calls for one resource counts. */
export function resourceRequestEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const { parent, resource, start, end, name, flags } = frame.data as {
    parent: string
    resource: string | null
    start: bigint
    end: bigint | null
    name: string | null
    flags: bigint | null
  }
  const outer = ctx.task.frames.at(-1)
  if (outer?.data['resource'] === resource && resource !== null) return ctx.unpaired(hit)
  const how = hit.symbol as How
  const conflict = how.endsWith('_conflict')
  const failed = conflict ? pointer(hit.fields, 'ret') !== null : errnoOf(hit.fields) !== 0
  if (!failed && end !== null) return granted(ctx, parent, start, end, name, flags, how, resource, frame.seq)
  ctx.say(
    'resource-tree/refused',
    { root: rootOf(ctx, parent, start).root, start, end, name, how, errno: conflict ? null : errnoOf(hit.fields) },
    { cause: frame.cause },
  )
}

/** What is declared is not busy: no release_region frees it. */
const mayBeReleased = (n: RegionNode): boolean => n.since > 0 || !isDeclared(n.name)

/** The busy node of exactly this range, the deepest where several are alike. */
function exact(ctx: ImportContext, root: string, under: RegionNode | null, start: bigint, end: bigint): RegionNode | undefined {
  let list = under === null ? topOf(ctx.tree, root) : childrenOf(ctx.tree, under)
  let found: RegionNode | undefined
  for (;;) {
    const next = list.find((n) => contains(n, start, end))
    if (next === undefined) return found
    if (next.start === start && next.end === end && mayBeReleased(next)) found = next
    list = childrenOf(ctx.tree, next)
  }
}

export function regionReleased(ctx: ImportContext, hit: ProbeHit): void {
  const parent = pointer(hit.fields, 'parent') ?? '0x0'
  const start = u64(hit.fields, 'start') ?? 0n
  const end = BigInt.asUintN(64, start + (u64(hit.fields, 'n') ?? 1n) - 1n)
  const { root, under } = rootOf(ctx, parent, start)
  const node = exact(ctx, root, under, start, end)
  if (node !== undefined && ctx.task.releasing !== null) own(ctx, node.id, ctx.task.releasing)
  ctx.say('resource-tree/released', {
    root,
    region: node?.id ?? null,
    start,
    end,
    name: node?.name ?? null,
    how: 'release_region',
    pointer: parent,
  })
  ctx.task.released = node?.sure ? node.id : null
  ctx.task.releasing = null
}

export function resourceReleased(ctx: ImportContext, hit: ProbeHit): void {
  const resource = pointer(hit.fields, 'res')
  const start = u64(hit.fields, 'start') ?? 0n
  const end = u64(hit.fields, 'end') ?? start
  const name = string(hit.fields, 'name')
  const known = resource === null ? undefined : nodeByPointer(ctx, resource)
  const node = known ?? [...ctx.tree.nodes.values()].find((n) => n.start === start && n.end === end && n.name === name)
  const how = hit.symbol === 'remove_resource' ? 'remove_resource' : 'release_resource'
  ctx.say('resource-tree/released', { root: node?.root ?? 'iomem', region: node?.id ?? null, start, end, name, how, pointer: resource })
}

/**
 * Hot-removal of memory that is no pagemap's ends in release_mem_region_adjustable, which no probe shows: the
 * System RAM of that range leaves the tree.
 */
export function systemRamRemoved(ctx: ImportContext, start: bigint, size: bigint, cause: number): void {
  const end = start + size - 1n
  for (const node of ctx.tree.nodes.values()) {
    if (node.root !== 'iomem' || !node.name?.startsWith('System RAM') || !contains(node, start, end)) continue
    if (node.start === start && node.end === end) {
      ctx.say(
        'resource-tree/released',
        { root: 'iomem', region: node.id, start, end, name: node.name, how: 'release_mem_region_adjustable', pointer: null },
        { inferred: true, cause: [cause] },
      )
    } else if (node.start !== start && node.end !== end) {
      const upper = ctx.ids.next('region')
      const parts = { region: node.id, end: start - 1n, upper, upperStart: end + 1n, upperEnd: node.end }
      ctx.say('resource-tree/split', { root: 'iomem', ...parts }, { inferred: true, cause: [cause] })
    } else {
      const left = node.start === start ? { start: end + 1n, end: node.end } : { start: node.start, end: start - 1n }
      ctx.say('resource-tree/adjusted', { root: 'iomem', region: node.id, ...left }, { inferred: true, cause: [cause] })
    }
    return
  }
}

function own(ctx: ImportContext, region: number, device: number): void {
  // One that a gap left unsure may be another of the same range: nothing must be filled back over its life.
  if (ctx.tree.nodes.get(region)?.sure === false || ctx.isDoubtful(device)) return
  if (ctx.tree.owners.get(region) !== device) ctx.say('resource-tree/owner-identified', { region, device }, { inferred: true })
}

/** A devm_region_release node was added: the region granted just before in this task is the device's. */
export function grantedTo(ctx: ImportContext, device: number): void {
  if (ctx.task.granted !== null) own(ctx, ctx.task.granted.region, device)
  ctx.task.granted = null
}

/** A devm_region_release node was taken out: the region released just before in this task was the device's. */
export function releasedBy(ctx: ImportContext, device: number): void {
  if (ctx.task.released !== null) own(ctx, ctx.task.released, device)
  ctx.task.released = null
}
