import { childrenOf, topOf, type RegionNode } from '@devtrail/resource-tree'
import type { ImportContext } from './context.ts'
import { isIn } from './page-span.ts'

/**
 * Whether no page of a pagemap can have been referenced when the recording began: its namespace is an fsdax one whose
 * disk carried no mounted file system. Then no file maps its pages, and the kernel lets no reference outlive an
 * unmount. Of a device-dax one nothing can be said: any process may have mapped it.
 */
export function idleAtStart(ctx: ImportContext, pfn: number | null): boolean {
  if (pfn === null || !ctx.nvdimm.mountsListed) return false
  const region = namespaceRegion(ctx, BigInt(pfn) << 12n)
  for (const ns of ctx.nvdimm.namespaces.values()) {
    if (ctx.devres.devices.get(ns.device)?.name !== region?.name || ns.mode !== 'fsdax' || ns.blockdev === null) continue
    return !ctx.nvdimm.mounts.some((m) => m.source === `/dev/${ns.blockdev}`)
  }
  return false
}

function namespaceRegion(ctx: ImportContext, address: bigint): RegionNode | undefined {
  let list = topOf(ctx.tree, 'iomem')
  for (;;) {
    const node = list.find((n) => n.start <= address && address <= n.end)
    if (node === undefined || /^namespace\d+\.\d+$/.test(node.name ?? '')) return node
    list = childrenOf(ctx.tree, node)
  }
}

/** The namespace in whose iomem region a page lies, as the baseline listed it. */
export function namespaceOfPage(ctx: ImportContext, pfn: number): number | null {
  const listed = ctx.namespaces.get(namespaceRegion(ctx, BigInt(pfn) << 12n)?.name ?? '')
  return listed ?? ctx.deviceMemoryAtStart.find((memory) => isIn(memory, pfn))?.namespace ?? null
}
