/**
 * Pagemaps that were there when the recording began, and that nothing names but the struct pages of their memory: newer kernels
 * (7.2) take references on pages without looking their pagemap up.
 */
import { covers } from '@devtrail/memremap'
import { childrenOf, topOf, type RegionNode } from '@devtrail/resource-tree'
import type { ImportContext } from './context.ts'
import { isIn, type DeviceMemory } from './page-span.ts'
import { pagemapFor } from './pagemaps.ts'

const PAGE_SHIFT = 12n

function* below(ctx: ImportContext, nodes: readonly RegionNode[]): Generator<RegionNode> {
  for (const node of nodes) {
    yield node
    yield* below(ctx, childrenOf(ctx.tree, node))
  }
}

/**
 * The memory of the baseline's namespaces whose pages belong to a pagemap; of a device-dax one most of it is the dax device's. What is
 * used as System RAM has pages like any others.
 */
export function deviceMemoryAtStart(ctx: ImportContext): DeviceMemory[] {
  const namespaces = new Map<string | null, number>()
  for (const { device, mode, chardev } of ctx.nvdimm.namespaces.values()) {
    if (mode !== 'fsdax' && mode !== 'devdax') continue
    namespaces.set(ctx.devres.devices.get(device)?.name ?? null, device)
    if (chardev !== null) namespaces.set(chardev, device)
  }
  const memory: DeviceMemory[] = []
  for (const node of below(ctx, topOf(ctx.tree, 'iomem'))) {
    const namespace = node.name === null ? undefined : namespaces.get(node.name)
    if (namespace === undefined) continue
    if ([...below(ctx, childrenOf(ctx.tree, node))].some((inner) => inner.name?.startsWith('System RAM'))) continue
    memory.push({ first: Number(node.start >> PAGE_SHIFT), last: Number(node.end >> PAGE_SHIFT), namespace })
  }
  return memory
}

/** Whether the word in a struct page is the pointer of a pagemap that was there from the start and was not seen so far. */
export function namesPagemap(ctx: ImportContext, pfn: number): boolean {
  const span = ctx.deviceMemoryAtStart.find((s) => isIn(s, pfn))
  // In a gap the memory may have become System RAM, whose pages hold other words.
  if (span === undefined || ctx.gapSeen) return false
  for (const p of ctx.memremap.pagemaps.values()) {
    const looked = ctx.lookedUp.get(p.id)
    if (p.start === null ? looked !== undefined && isIn(span, looked) : covers(p, pfn) !== false) return false
  }
  return true
}

/** Finds the pagemap at the pointer that a struct page holds. */
export function findNamed(ctx: ImportContext, pfn: number, word: string): void {
  ctx.lookedUp.set(pagemapFor(ctx, word, pfn), pfn)
}
