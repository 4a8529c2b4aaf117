import type { AnyEvent } from '@devtrail/events'
import type { AllocationConstraint } from '@devtrail/resource-tree'

/** The functions of kernel/resource.c that hold a WARN; others only print. */
const warning = new Set(['__insert_resource', 'release_mem_region_adjustable'])

/** The functions that warned, in order. */
export function warningFunctions(events: readonly AnyEvent[]): string[] {
  const by = events.filter(({ type }) => type === 'resource-tree/warned').map(({ data }) => String(data['by']))
  return by.filter((name) => warning.has(name))
}

/** The recorder's callbacks for allocate_resource, by the names it gives them; null is the kernel's own. */
export const alignFunctions: Readonly<Record<string, NonNullable<AllocationConstraint['alignf']> | null>> = {
  none: null,
  isa: ({ start }) => ((start & 0x300n) === 0n ? start : (start + 0x3ffn) & ~0x3ffn),
  top: ({ end }, size, align) => (end - size + 1n) & ~(align - 1n),
}
