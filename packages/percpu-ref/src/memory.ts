import type { PercpuRefRules, RefAllocation } from './rules.ts'

/** Where a ref's memory comes from; left out, there is always some. */
export interface RefMemory {
  /** Asked before each allocation; false: there is none. */
  readonly mayAllocate?: (what: RefAllocation) => boolean
  /** Told of each allocation that is given back. */
  readonly freed?: (what: RefAllocation) => void
}

/** percpu_ref_init had no memory (-ENOMEM); what it had got is given back. */
export class PercpuRefNoMemory extends Error {
  override readonly name = 'PercpuRefNoMemory'
  /** What there was no memory for. */
  readonly what: RefAllocation

  constructor(ref: string, what: RefAllocation) {
    super(`there is no memory for the ${what} of percpu_ref ${ref} (-ENOMEM): PercpuRef.init says so with null`)
    this.what = what
  }
}

/** All allocations of a ref or, with what was got given back again, the one that failed. */
export function allocated({ mayAllocate, freed }: RefMemory, { allocations }: PercpuRefRules): RefAllocation | null {
  const got: RefAllocation[] = []
  for (const what of allocations) {
    if (mayAllocate?.(what) === false) {
      for (const one of got.toReversed()) freed?.(one)
      return what
    }
    got.push(what)
  }
  return null
}
