/** The percpu_ref of a pagemap. */
import { hex } from '@devtrail/events'
import { PercpuRef } from '@devtrail/percpu-ref'
import type { MemremapMachine } from '../machine.ts'
import type { DevPagemap } from './dev-pagemap.ts'
import type { refSampledAt } from './pagemap-events.ts'

/** Where `ref` lies in struct dev_pagemap of Linux 6.1. */
const REF_OFFSET = 0x30n

/** A pagemap's own reference, with what its release does: it lets unmapping go on. */
export function ownRef(m: MemremapMachine, p: DevPagemap): PercpuRef {
  const { device } = p
  const dev_pagemap_percpu_release = (ref: PercpuRef): void => {
    p.released = true
    m.say('memremap/ref-released', { pagemap: p.id, ref: ref.id }, device)
  }
  const { events, rcu: scheduler, cpus, area, percpuRules: rules } = m
  const id = hex(BigInt(p.pointer) + REF_OFFSET)
  const freed = (): void => {
    p.refWordsAt = 0
  }
  const ref = new PercpuRef({ events, scheduler, cpus, area, rules, freed }, { id, release: dev_pagemap_percpu_release, device })
  p.refWordsAt = ref.wordsAt
  return ref
}

/** Says how a pagemap's reference stands. */
export function sampleRef(m: MemremapMachine, p: DevPagemap, at: (typeof refSampledAt)[number], cause = 0): void {
  if (!m.events.on) return
  const { atomic, dead, exited, count } = p.ref.snapshot()
  const words = { atomic: atomic ?? true, dead: dead ?? true, exited: exited ?? false, count: count ?? 0n }
  m.say('memremap/ref-sampled', { pagemap: p.id, ref: p.ref.id, at, ...words }, p.device, cause)
}
