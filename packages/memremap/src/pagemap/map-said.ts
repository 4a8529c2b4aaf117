/** What is said when mapping a pagemap begins and ends. */
import { hex } from '@devtrail/events'
import type { MemremapMachine } from '../machine.ts'
import type { DevPagemap } from './dev-pagemap.ts'
import { directAddress } from './ram.ts'

const ALTMAP_VALID = 1

/** Range, type and altmap of a pagemap, as map-started and unmap-started tell them. */
export function layoutOf({ ranges, type, altmap }: DevPagemap): {
  start: bigint
  end: bigint
  type: number | null
  flags: number
  altBase: number | null
  reserve: number | null
  free: number | null
  alloc: number | null
} {
  const { start, end } = ranges[0] ?? { start: 0n, end: 0n }
  const alt = {
    altBase: altmap?.basePfn ?? null,
    reserve: altmap?.reserve ?? null,
    free: altmap?.free ?? null,
    alloc: altmap?.alloc ?? null,
  }
  return { start, end, type, flags: altmap === null ? 0 : ALTMAP_VALID, ...alt }
}

export function sayMapStarted(m: MemremapMachine, p: DevPagemap): number {
  const altEnd = p.altmap === null ? null : p.range.last
  return m.say(
    'memremap/map-started',
    { pagemap: p.id, pointer: p.pointer, ...layoutOf(p), altEnd, vmemmapShift: p.vmemmapShift },
    p.device,
  )
}

export function mapFailed(m: MemremapMachine, p: DevPagemap, error: number, started: number): number {
  p.phase = 'removed'
  m.say('memremap/map-failed', { pagemap: p.id, errno: error }, p.device, started)
  return error
}

export function mapSucceeded(m: MemremapMachine, p: DevPagemap, started: number): DevPagemap {
  p.phase = 'live'
  m.mapped(p)
  m.say('memremap/mapped', { pagemap: p.id, address: hex(directAddress(m, p.range.start)) }, p.device, started)
  return p
}
