// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** The two laws of a model: folding what was emitted gives the live counts, and it does not matter where the fold starts. */
import { admits, Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as given from '../test/given.ts'
import { newAltmap } from './altmap/altmap.ts'
import { newRef, type DevPagemap } from './pagemap/dev-pagemap.ts'
import { putHow } from './events.ts'
import { foll } from './page/foll.ts'
import { idleWaiterNotWoken, referencedAtRemoval } from './invariants.ts'
import { memoryType } from './pagemap/memory-type.ts'
import { PagemapRegistry } from './pagemap-registry.ts'
import { isReferenced } from './page/pages.ts'
import type { RulesName } from './rules.ts'
import { initialMemremap, type MemremapState } from './memremap-state.ts'
import { evolveMemremap } from './state.ts'

const MIB2 = 0x200000n
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

/** Two slots of 2 MiB (the first few pages of each are where everything happens). */
function run(commands: readonly Op[], rules: RulesName): Run {
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), (e) => events.push(e))
  const registry = new PagemapRegistry(emitter, new Ids(), { rules })
  const all: DevPagemap[] = []
  const held: DevPagemap[] = []
  const both = [0, 1].map((at): Op => ({ op: 'map', at, n: 1, pid: 1, pin: at === 0, how: 1 }))
  for (const { op, at, n, pid, pin, how } of [...both, ...commands]) {
    emitter.actor = { pid, comm: `task${pid}` }
    const kind = pin && rules !== 'seed' ? 'pin' : 'get'
    const flags = kind === 'pin' ? foll.PIN : foll.GET
    const pfn = FIRST + (at % 2) * 512 + 4 + ((at >> 1) % 4)
    if (op === 'map') {
      const start = BASE + BigInt(at % 2) * MIB2
      // The seed lets it through, and the references to the pages then go to the newer pagemap.
      const referenced = registry.pagemaps.some((p) => p.range.start === start && [...p.pages!.referenced()].length > 0)
      if (rules === 'seed' && referenced) continue
      const altmap = pin ? newAltmap(Number(start >> 12n), 2, 2) : null
      const type = how === 0 ? memoryType.GENERIC : memoryType.FS_DAX
      const p = registry.memremapPages(1 + (at % 2), { start, end: start + MIB2 - 1n }, type, {
        altmap,
        ...(rules === 'seed' ? { ref: newRef() } : {}),
      })
      if (typeof p !== 'number') all.push(p)
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
          expect(new Map([...folded.pages.values()].map((page) => [page.pfn, page.refcount]))).toEqual(p.pages?.referenced() ?? new Map())
          expect([...folded.pages.values()].every((page) => page.sure)).toBe(true)
          if (rules === 'linux-6.1' && p.phase !== 'live') expect(folded.ref.count === 0).toBe(p.ref.count === 0)
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
          const live = p.pages!.count(page.pfn)
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
        if (folded.pagesComplete) for (const pfn of p.pages!.referenced().keys()) expect(folded.pages.has(pfn)).toBe(true)
      }
    }),
    { numRuns: 1000 },
  )
  expect(compared).toBeGreaterThan(1000)
})
