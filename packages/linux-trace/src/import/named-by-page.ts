/**
 * Pagemaps that were there when the recording began, and that nothing names but the struct pages of their memory: newer kernels
 * (7.2) take references on pages without looking their pagemap up.
 */
import { covers } from '@devtrail/memremap'
import { childrenOf, topOf, type RegionNode } from '@devtrail/resource-tree'
import type { ImportContext } from './context.ts'
import { pagemapFor } from './pagemaps.ts'

/** Pages by number, both ends included. */
export interface PageSpan {
  readonly first: number
  readonly last: number
}

const PAGE_SHIFT = 12n

function* below(ctx: ImportContext, nodes: readonly RegionNode[]): Generator<RegionNode> {
  for (const node of nodes) {
    yield node
    yield* below(ctx, childrenOf(ctx.tree, node))
  }
}

/** The namespaces of the baseline whose pages belong to a pagemap. One that is used as System RAM has pages like any others. */
export function deviceMemoryAtStart(ctx: ImportContext): PageSpan[] {
  const names = new Set<string | null>()
  for (const { device, mode } of ctx.nvdimm.namespaces.values())
    if (mode === 'fsdax' || mode === 'devdax') names.add(ctx.devres.devices.get(device)?.name ?? null)
  const spans: PageSpan[] = []
  for (const node of below(ctx, topOf(ctx.tree, 'iomem'))) {
    if (node.name === null || !names.has(node.name)) continue
    if ([...below(ctx, childrenOf(ctx.tree, node))].some((inner) => inner.name?.startsWith('System RAM'))) continue
    spans.push({ first: Number(node.start >> PAGE_SHIFT), last: Number(node.end >> PAGE_SHIFT) })
  }
  return spans
}

const isIn = ({ first, last }: PageSpan, pfn: number): boolean => first <= pfn && pfn <= last

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
