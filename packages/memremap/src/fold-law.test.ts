// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** The two laws of a model: folding what was emitted gives the live counts, and it does not matter where the fold starts. */
import { admits, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as given from '../test/given.ts'
import { Machine, rangeOf } from '../test/machine.ts'
import { newAltmap, type VmemAltmap } from './altmap/altmap.ts'
import { refCount, type DevPagemap } from './pagemap/dev-pagemap.ts'
import { putHow } from './events.ts'
import { foll } from './page/foll.ts'
import { idleWaiterNotWoken, referencedAtRemoval } from './invariants.ts'
import { memoryType } from './pagemap/memory-type.ts'
import type { PagemapRegistry } from './pagemap-registry.ts'
import { isReferenced } from './page/pages.ts'
import { SECTION_PAGES, SUBSECTION_PAGES, type RulesName } from './rules.ts'
import { initialMemremap, type MemremapState } from './memremap-state.ts'
import { evolveMemremap } from './state.ts'

/** Pages of the two slots, and in front of those that are used: where an altmap lies. */
const SLOT = { seed: SECTION_PAGES, 'linux-6.1': SUBSECTION_PAGES } as const
const ALTMAP = { seed: 1024, 'linux-6.1': 4 } as const
const BASE = 0x100000000n
const FIRST = Number(BASE >> 12n)

type Op = {
  op: 'map' | 'gup' | 'grab' | 'put' | 'lookup' | 'unlook' | 'unmap' | 'wait'
  at: number
  n: number
  pid: number
  pin: boolean
  how: number
}

const ops = fc.array(
  fc.record<Op>({
    op: fc.constantFrom('map', 'gup', 'gup', 'grab', 'grab', 'put', 'put', 'put', 'lookup', 'unlook', 'unlook', 'unmap', 'wait'),
    at: fc.nat(7),
    n: fc.integer({ min: 1, max: 6 }),
    pid: fc.integer({ min: 1, max: 3 }),
    pin: fc.boolean(),
    how: fc.nat(putHow.length - 1),
  }),
  { maxLength: 60, size: 'max' },
)

interface Run {
  events: AnyEvent[]
  registry: PagemapRegistry
  all: DevPagemap[]
}

/** Two slots (a few pages of each are where everything happens). */
function run(commands: readonly Op[], rules: RulesName): Run {
  const m = new Machine({ rules })
  const { events, emitter, registry } = m
  const all: DevPagemap[] = []
  const held: DevPagemap[] = []
  const size = BigInt(SLOT[rules]) * 4096n
  const map = (at: number, type: number, altmap: VmemAltmap | null): void => {
    const start = BASE + BigInt(at) * size
    if (rules === 'linux-6.1') {
      const p = registry.memremapPages(1 + at, rangeOf(start, size), type, { altmap })
      if (typeof p !== 'number') all.push(p)
      return
    }
    // The seed lets it through, and the references to the pages then go to the newer pagemap.
    if (registry.pagemaps.some((p) => p.range.start === start && (p.range.pages?.referenced().size ?? 0) > 0)) return
    const mapped = registry.devmMemremapPages(m.device(1 + at), rangeOf(start, size), m.driverRef(), altmap)
    if (typeof mapped !== 'number') all.push(mapped.pagemap!)
  }
  const both = [0, 1].map((at): Op => ({ op: 'map', at, n: 1, pid: 1, pin: at === 0, how: 1 }))
  for (const { op, at, n, pid, pin, how } of [...both, ...commands]) {
    emitter.actor = { pid, comm: `task${pid}` }
    const kind = pin && rules !== 'seed' ? 'pin' : 'get'
    const flags = kind === 'pin' ? foll.PIN : foll.GET
    const first = FIRST + (at % 2) * SLOT[rules]
    const pfn = first + ALTMAP[rules] + ((at >> 1) % 4)
    if (op === 'map') {
      const altmap = pin ? newAltmap(first, 2, ALTMAP[rules] - 2) : null
      map(at % 2, how === 0 ? memoryType.GENERIC : memoryType.FS_DAX, altmap)
    } else if (op === 'gup') registry.getUserPages(pfn, n, flags)
    else if (op === 'grab') registry.grabPage(pfn, flags, n)
    else if (op === 'put') {
      if (registry.countOf(pfn) - (kind === 'pin' ? 1024 : 1) >= 1) registry.putPage(pfn, kind, putHow[how]!)
    } else if (op === 'lookup') {
      const p = registry.getDevPagemap(pfn)
      if (p !== null) held.push(p)
    } else if (op === 'unlook') registry.putDevPagemap(held.shift() ?? null)
    else if (op === 'unmap') {
      const p = registry.pagemaps.at(at % 2)
      if (p !== undefined) registry.release(p)
    } else if (!registry.waits.sleeping.has(pid)) registry.startIdleWait([pfn, pfn + 1])
  }
  return { events, registry, all }
}

function fold(events: readonly AnyEvent[], state = initialMemremap()): MemremapState {
  for (const event of events) evolveMemremap(state, event)
  return state
}

test.each(['linux-6.1', 'seed'] as const)(
  '%s: folding the emitted events gives exactly the live pagemaps, page counts and waits',
  (rules) => {
    fc.assert(
      fc.property(ops, (commands) => {
        const { events, registry, all } = run(commands, rules)
        const state = fold(events)
        for (const p of all) {
          const folded = state.pagemaps.get(p.id)!
          expect([folded.phase, folded.device, folded.start, folded.end, folded.type]).toEqual([
            p.phase,
            p.device,
            p.range.start,
            p.range.end,
            p.type,
          ])
          expect(folded.pagesComplete).toBe(true)
          expect(new Map([...folded.pages.values()].map((page) => [page.pfn, page.refcount]))).toEqual(p.range.pages!.referenced())
          expect([...folded.pages.values()].every((page) => page.sure)).toBe(true)
          if (rules === 'linux-6.1' && p.phase !== 'live') expect(folded.ref.count === 0).toBe(refCount(p) === 0)
        }
        expect([...state.waits.values()].map((w) => [w.pid, w.page?.pfn])).toEqual(
          [...registry.waits.sleeping.values()].map((w) => [w.actor.pid, w.waitsFor]),
        )
      }),
      { numRuns: 300 },
    )
  },
)

test('every reference that is out has its takers, as long as each puts what it took', () => {
  fc.assert(
    fc.property(ops, (commands) => {
      const { events, all } = run(
        commands.filter((c) => c.op !== 'put'),
        'linux-6.1',
      )
      const state = fold(events)
      for (const p of all) {
        for (const page of state.pagemaps.get(p.id)!.pages.values()) {
          expect(page.refcount).toBe(1 + page.holders.reduce((sum, h) => sum + h.refs * (h.kind === 'pin' ? 1024 : 1), 0))
        }
      }
    }),
    { numRuns: 100 },
  )
})

test.each(['linux-6.1', 'seed'] as const)('%s: a keyframe and the rest fold to the same state as everything', (rules) => {
  fc.assert(
    fc.property(ops, fc.nat(), (commands, at) => {
      const { events } = run(commands, rules)
      const cut = at % (events.length + 1)
      expect(fold(events.slice(cut), structuredClone(fold(events.slice(0, cut))))).toEqual(fold(events))
    }),
    { numRuns: 150 },
  )
})

const gap: AnyEvent = { ...given.gap(), seq: 0, time: 0 }
const ended: AnyEvent = { ...given.ended(), seq: 1e6, time: 0 }

/** Folds with an end, and gathers what is certain: pages referenced at a removal, tasks not woken. */
function certainties(events: readonly AnyEvent[]): { state: MemremapState; certain: Set<string> } {
  const state = initialMemremap()
  const certain = new Set<string>()
  for (const event of [...events, ended]) {
    evolveMemremap(state, event)
    for (const rule of [referencedAtRemoval, idleWaiterNotWoken]) {
      for (const v of rule.judge(state, event))
        if (v.certainty === 'certain') certain.add(`${v.rule} ${v.seq} ${JSON.stringify(v.data['waiter'] ?? null)}`)
    }
    for (const p of state.pagemaps.values()) for (const pfn of p.removal?.certain ?? []) certain.add(`page ${p.id} ${pfn}`)
  }
  return { state, certain }
}

test('with any run of events replaced by a gap, nothing exact is wrong and nothing certain is new', () => {
  let compared = 0
  fc.assert(
    fc.property(ops, fc.nat(), fc.nat(40), fc.boolean(), (commands, at, length, blind) => {
      const said = run(commands, 'linux-6.1')
      // A recording without the sampled counts has to live on what it counted.
      const events = blind ? said.events.map((e) => ('before' in e.data ? { ...e, data: { ...e.data, before: null } } : e)) : said.events
      const from = at % (events.length + 1)
      const { state, certain } = certainties([...events.slice(0, from), gap, ...events.slice(from + length)])
      const whole = certainties(events)
      for (const what of certain) expect(whole.certain).toContain(what)
      for (const p of said.all) {
        const folded = state.pagemaps.get(p.id)
        if (folded === undefined) continue
        if (folded.phase !== null) expect(folded.phase).toBe(p.phase)
        for (const page of folded.pages.values()) {
          const live = p.range.pages!.count(page.pfn)
          expect(admits(page.refcount, live)).toBe(true)
          if (isReferenced(page))
            for (const h of page.holders)
              expect(
                whole.state.pagemaps
                  .get(p.id)!
                  .pages.get(page.pfn)!
                  .holders.map((x) => x.seq),
              ).toContain(h.seq)
          compared++
        }
        if (folded.pagesComplete) for (const pfn of p.range.pages!.referenced().keys()) expect(folded.pages.has(pfn)).toBe(true)
      }
    }),
    { numRuns: 1000 },
  )
  expect(compared).toBeGreaterThan(1000)
})
