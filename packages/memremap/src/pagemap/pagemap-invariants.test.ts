/** Rules that no bug of the kernel's history is told by: the contract of the seed's note 1, and what only damage could break. */
import type { AnyEvent } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { gap, judge, mapStarted, said } from '../../test/given.ts'
import { GIB, Machine } from '../../test/machine.ts'
import { Rcu } from '../rcu.ts'
import { DevPagemap } from './dev-pagemap.ts'

const broken = (...events: AnyEvent[]): string[] => judge(...events).map((v) => `${v.certainty} ${v.rule}: ${v.summary}`)
const P = 1
const registered = said('registered', { pagemap: P, range: 0, start: 0x100000000n, end: 0x13fffffffn, ref: '0xa0', ownRef: true })
const started = mapStarted(P, { flags: 1, altBase: 0x100000, reserve: 2, free: 4606, alloc: 0 })
const added = said('memory-added', { pagemap: P, errno: 0 })
const initialised = said('pages-initialised', { pagemap: P, pointer: '0x1', firstPfn: 0x100000, pages: 262144 })

/** What is told of a pagemap that is mapped with a driver's reference, after something was done to that. */
const map = (before: (m: Machine, ref: ReturnType<Machine['driverRef']>) => void): string[] => {
  const m = new Machine({ rules: 'seed' })
  const ref = m.driverRef()
  before(m, ref)
  m.seedMapped(4n * GIB, GIB, ref)
  return m.violations.map((v) => `${v.certainty} ${v.rule}: ${v.summary}`)
}

describe('the reference is live on entry', () => {
  test('one that was killed, or torn down, breaks it; a live one does not', () => {
    const rule = 'certain memremap/ref-live-on-entry: pagemap 0x100000000-0x13fffffff was entered into the registry with a'
    expect(map((_, ref) => ref.kill())).toEqual([`${rule} dead reference 0xd1`])
    const exited = map((_, ref) => {
      ref.kill()
      ref.exit()
    })
    expect(exited).toEqual([`${rule} torn down reference 0xd1`])
    expect(map(() => {})).toEqual([])
  })
})

describe('stages', () => {
  test('added before it was registered, initialised before it was added, erased before its memory is gone', () => {
    const rule = 'certain memremap/stages-out-of-order: pagemap 0x100000000-0x13fffffff'
    const erased = said('erased', { pagemap: P, range: 0, start: 0x100000000n, end: 0x13fffffffn })
    expect(broken(started, registered, initialised)).toEqual([`${rule} had pages initialised that were not added`])
    expect(broken(started, registered, added, initialised, erased)).toEqual([
      `${rule} was erased from the registry while its memory is there`,
    ])
    expect(broken(started, registered, added, initialised)).toEqual([])
    expect(broken(started, registered, added, gap(), erased)).toEqual([])
  })
})

const blocks = (pfn: number, more: object = {}): AnyEvent =>
  said('altmap-allocated', { pagemap: P, pages: 512, blocks: 1, pfn, pad: 0, alloc: 512, align: 510, ...more })

describe('blocks of an altmap', () => {
  const rule = 'certain memremap/altmap-block-misplaced: pagemap 0x100000000-0x13fffffff has'

  test.each([
    ['outside', [blocks(0x101200)], `${rule} the struct pages 0x101200..0x1013ff outside of its altmap 0x100002..0x1011ff`],
    ['in the reserve', [blocks(0x100000)], `${rule} the struct pages 0x100000..0x1001ff outside of its altmap 0x100002..0x1011ff`],
    ['unaligned', [blocks(0x100201)], `${rule} the struct pages 0x100201..0x100400 unaligned`],
    ['twice', [blocks(0x100200), blocks(0x100200)], `${rule} the struct pages 0x100200..0x1003ff twice in its altmap`],
    ['more than there is', [blocks(0x100200, { alloc: 4200 })], `${rule} 4710 of 4606 pages of its altmap in use`],
  ])('%s', (_, events, summary) => {
    expect(broken(started, registered, ...events)).toEqual([summary])
  })

  test('in their place, or refused, they break nothing', () => {
    expect(broken(started, registered, blocks(0x100200), blocks(0x100400), blocks(0, { pfn: null, blocks: 0 }))).toEqual([])
  })
})

const sampled = (atomic: boolean, count: bigint): AnyEvent =>
  said('ref-sampled', { pagemap: P, ref: '0xa0', at: 'release', atomic, dead: true, exited: false, count })

describe('nobody holds the reference when the memory goes', () => {
  test('what is held is told in atomic mode; in percpu mode the counter tells nothing', () => {
    const rule = 'certain memremap/ref-held-at-removal: pagemap 0x100000000-0x13fffffff'
    expect(broken(started, registered, sampled(true, 2n))).toEqual([
      `${rule} is about to lose its memory and its reference 0xa0 is still held 2 times`,
    ])
    expect(broken(started, registered, sampled(true, 0n))).toEqual([])
    expect(broken(started, registered, sampled(false, 2n))).toEqual([])
  })
})

class Unlocked extends Rcu {
  override get readLockHeld(): boolean {
    return false
  }
}

function warnedAtLookup(rcu: Rcu): number {
  const m = new Machine({ rcu })
  m.mapped(4n * GIB, GIB)
  m.registry.putDevPagemap(m.registry.getDevPagemap(0x100000))
  return m.events.filter((e) => e.type === 'percpu-ref/warned').length
}

test('a lookup tries the reference as one that needs a read section', () => {
  expect([warnedAtLookup(new Rcu()), warnedAtLookup(new Unlocked())]).toEqual([0, 1])
})

test('a lookup finds the pages whose first byte is in the range', () => {
  const ranges = [{ start: 0x100000800n, end: 0x1000027ffn }]
  const init = { id: 1, pointer: '0x1', device: 1, type: null, altmap: null, ref: null, ops: {}, owner: null, vmemmapShift: 0 }
  const p = new DevPagemap({ ...init, ranges })
  expect([p.range.first, p.range.last, [0x100000, 0x100001, 0x100002, 0x100003].map((pfn) => p.coversCached(pfn))]).toEqual([
    0x100001,
    0x100002,
    [false, true, true, false],
  ])
})
