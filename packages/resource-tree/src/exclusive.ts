/** What /dev/mem and ioremap ask: resource_is_exclusive and iomem_map_sanity_check. */
import { hasFlags, ioresource } from './flags.ts'
import { Preorder } from './preorder.ts'
import { u64 } from './ranges.ts'
import type { Resource } from './resource.ts'
import { PAGE_SHIFT } from './walk.ts'

/** How a kernel was built and booted. */
export interface DevmemPolicy {
  /** Checks are on (`iomem=strict`, the default with CONFIG_STRICT_DEVMEM). */
  readonly strict: boolean
  /** CONFIG_IO_STRICT_DEVMEM: every busy range is exclusive. */
  readonly ioStrict: boolean
  /** EXCLUSIVE System RAM is exclusive even without checks (not in the seed's kernel). */
  readonly ramExclusive: boolean
}

const EXCLUSIVE_RAM = ioresource.SYSTEM_RAM | ioresource.EXCLUSIVE

/** Whether some of `size` bytes at `address` may not be mapped by users. Looks below `root`, and at what follows it. */
export function isExclusive(root: Resource, address: bigint, size: bigint, policy: DevmemPolicy): boolean {
  if (!policy.strict && !policy.ramExclusive) return false
  const after = u64(address + size)
  const nodes = new Preorder(root, { from: address, beyond: true })
  let skip = false
  for (let node = nodes.next(); node !== null; node = nodes.next(skip)) {
    if (node.start >= after) return false
    skip = node.end < address
    if (!skip && forbids(node.flags, policy)) return true
  }
  return false
}

function forbids(flags: bigint, { strict, ioStrict, ramExclusive }: DevmemPolicy): boolean {
  if (ramExclusive && hasFlags(flags, EXCLUSIVE_RAM)) return true
  if (!strict || !hasFlags(flags, ioresource.BUSY)) return false
  return (ramExclusive && ioStrict) || hasFlags(flags, ioresource.EXCLUSIVE)
}

const page = (address: bigint): bigint => u64(address) >> PAGE_SHIFT

/** The first node that is not busy, overlaps `size` bytes at `address` and does not have all of their pages; null without one. */
export function partlyMapped(root: Resource, address: bigint, size: bigint, inOrder: boolean): Resource | null {
  const after = u64(address + size)
  const nodes = new Preorder(root, { from: inOrder ? address : null })
  for (let node = nodes.next(); node !== null; node = nodes.next()) {
    if (node.start >= after) {
      if (inOrder) return null
      continue
    }
    if (node.end < address || hasFlags(node.flags, ioresource.BUSY)) continue
    if (page(node.start) > page(address) || page(node.end) < page(after - 1n)) return node
  }
  return null
}
