// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** Random programs in random interleavings: the laws of the model, what each era promises, and what it does not. */
import type { AnyEvent, Violation } from '@devtrail/events'
import fc from 'fast-check'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { counterexamples } from '../test/counterexamples.ts'
import { play } from '../test/interleavings.ts'
import { jsonLines } from '../test/saved-log.ts'
import { findWrong, runs, wrong } from '../test/search.ts'
import { memremapInvariants } from './invariants.ts'
import { refCount } from './pagemap/dev-pagemap.ts'
import { initialMemremap, type MemremapState } from './memremap-state.ts'
import { memremapRules, type MemremapRules } from './rules.ts'
import { evolveMemremap } from './state.ts'
import { putHow } from './events.ts'

const six = memremapRules['linux-6.1']
/** Linux 6.1 with what later kernels changed: page references hold the pagemap (38607c62b34b), and every put wakes. */
const mended: MemremapRules = { ...six, pageHoldsPagemap: true, walkHoldsPagemap: true, wakes: [...putHow] }

/** How many runs are searched; more by hand: `SEARCH_RUNS=20000`. */
const NUM_RUNS = Number(process.env['SEARCH_RUNS'] ?? 250)

const fold = (events: readonly AnyEvent[], state = initialMemremap()): MemremapState => {
  for (const event of events) evolveMemremap(state, event)
  return state
}

/** What a violation claims. Which pages were referenced at a removal may come out at once, or when one of them is put. */
function claims({ rule, seq, data, about = [] }: Violation): string[] {
  if (rule !== 'memremap/referenced-at-removal') return [`${rule} ${seq} ${JSON.stringify(data['waiter'] ?? null)}`]
  const pages = about.flatMap(({ first, last }) => Array.from({ length: last + 1 - first }, (_, n) => first + n))
  return pages.map((pfn) => `${rule} ${pfn}`)
}

const certain = (events: readonly AnyEvent[]): Set<string> => {
  const state = initialMemremap()
  const found = new Set<string>()
  for (const event of events) {
    evolveMemremap(state, event)
    for (const rule of memremapInvariants)
      for (const v of rule.judge(state, event)) if (v.certainty === 'certain') for (const what of claims(v)) found.add(what)
  }
  return found
}

describe.each([
  ['seed', memremapRules.seed],
  ['linux-6.1', six],
  ['mended', mended],
])('%s', (_, rules) => {
  test('folding what was said gives the live pagemaps, their stages, altmaps and pages, and the page tables', () => {
    fc.assert(
      fc.property(runs, (input) => {
        const { m, space, all, crashed } = play(input, rules)
        if (crashed) return
        const mapped = [...space.translations()].map(({ page, entry, pages }) => [page, entry.pfn, pages, entry.writable])
        const told = [...(m.state.spaces.get(space.pid)?.entries ?? [])].map(([page, t]) => [page, t.pfn, t.pages, t.writable])
        expect(told.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual(mapped)
        for (const p of all) {
          const folded = m.state.pagemaps.get(p.id)!
          const { stages, altmap } = folded
          expect([folded.phase, folded.start, folded.end, folded.type]).toEqual([p.phase, p.range.start, p.range.end, p.type])
          expect([stages!.registered, stages!.tracked, stages!.added]).toEqual(
            [p.range.registered, p.range.tracked, p.range.memory].map(Number),
          )
          expect(altmap ? [altmap.alloc, altmap.align] : altmap).toEqual(p.altmap === null ? false : [p.altmap.alloc, p.altmap.align])
          if (p.memory)
            expect(new Map([...folded.pages.values()].map((page) => [page.pfn, page.refcount]))).toEqual(p.range.pages!.referenced())
          if (rules.ownRef && p.phase === 'removed') expect(refCount(p)).toBe(0)
        }
        expect(m.registry.machine.sections.count(0, 2 ** 40 - 1)).toBe(all.filter((p) => p.memory).length * 32768)
      }),
      { numRuns: 150 },
    )
  })

  test('a keyframe and the rest give what the whole gives', () => {
    fc.assert(
      fc.property(runs, fc.double({ min: 0, max: 1, noNaN: true }), (input, where) => {
        const { events } = play(input, rules).m
        const cut = Math.round(where * events.length)
        expect(fold(events.slice(cut), structuredClone(fold(events.slice(0, cut))))).toEqual(fold(events))
      }),
      { numRuns: 60 },
    )
  })

  test('with a run of events replaced by a gap, nothing exact is wrong and nothing certain is new', () => {
    fc.assert(
      fc.property(runs, fc.nat(200), fc.integer({ min: 1, max: 40 }), (input, from, length) => {
        const { events } = play(input, rules).m
        if (from >= events.length - 1) return
        const gap: AnyEvent = { ...events[from]!, type: 'log/gap', data: { reason: 'lost', lost: null, cpu: null } }
        const cut = [...events.slice(0, from), gap, ...events.slice(from + length)]
        const whole = certain(events)
        for (const found of certain(cut)) expect(whole).toContain(found)
        const truth = fold(events)
        for (const p of fold(cut).pagemaps.values()) {
          const real = truth.pagemaps.get(p.id)!
          if (p.phase !== null) expect(p.phase).toBe(real.phase)
          if (p.stages !== null) expect(p.stages.registered).toBe(real.stages!.registered)
          for (const [pfn, held] of p.holds ?? []) expect(real.holds!.get(pfn) ?? 0).toBe(held)
          if (p.altmap && p.altmap.alloc !== null && real.altmap) expect(p.altmap.alloc).toBe(real.altmap.alloc)
        }
      }),
      { numRuns: NUM_RUNS },
    )
  })
})

/** What neither era is free of. */
const UNPROMISED = {
  'linux-6.1': [
    'hung: pages of the file to become idle',
    'memremap/idle-waiter-not-woken',
    'memremap/put-after-removal',
    'memremap/referenced-at-removal',
  ],
  seed: [
    'memremap/freed-block-referenced',
    'memremap/freed-under-lookup',
    'memremap/hotplug-overlaps',
    'memremap/page-of-no-translation',
    'memremap/put-after-removal',
    'memremap/ref-held-at-removal',
    'memremap/referenced-at-removal',
    'memremap/walk-lookups-unbalanced',
  ],
} as const

describe('what an era promises', () => {
  test('with page references that hold the pagemap nothing is broken, whoever comes between', () => {
    fc.assert(
      fc.property(runs, (input) => {
        expect(wrong(input, mended)).toEqual([])
      }),
      { numRuns: NUM_RUNS },
    )
  })

  test.each(['seed', 'linux-6.1'] as const)('%s keeps all but what it does not promise', (rules) => {
    const unpromised: readonly string[] = UNPROMISED[rules]
    fc.assert(
      fc.property(runs, (input) => {
        expect(wrong(input, memremapRules[rules]).filter((what) => !unpromised.includes(what))).toEqual([])
      }),
      { numRuns: NUM_RUNS },
    )
  })
})

const shown = (rules: 'seed' | 'linux-6.1'): string[] => counterexamples.filter((c) => c.rules === rules).map((c) => c.breaks)

describe('what it does not promise is found', () => {
  test('a search that is not told what to look for finds the holes of Linux 6.1, and nothing else', () => {
    const found = findWrong(six, { numRuns: Math.max(NUM_RUNS, 600), seed: 12 })
    expect([...found.keys()].toSorted()).toEqual(UNPROMISED['linux-6.1'])
    const does = (rule: string): string[] =>
      found
        .get(rule)!
        .programs.map((program) => program.does)
        .toSorted()
    // Two tasks are enough for each: who unbinds and who has a page; who truncates and whose bio ends.
    expect(does('memremap/referenced-at-removal')).toEqual(['unbind', 'use'])
    expect(does('hung: pages of the file to become idle')).toEqual(['direct-io', 'truncate'])
  })

  test.each(counterexamples)('$rules: $name', ({ rules, breaks, ...found }) => {
    expect(wrong(found, memremapRules[rules])).toContain(breaks)
    // With what later kernels changed the same programs in the same order break nothing.
    expect(wrong(found, mended)).toEqual([])
  })

  test.each(counterexamples)('$file has its events (written anew with COUNTEREXAMPLES_UPDATE=1)', ({ file, rules, ...found }) => {
    const path = join(import.meta.dirname, '../test/counterexamples', file)
    const lines = jsonLines(play(found, memremapRules[rules]).m.events)
    if (process.env['COUNTEREXAMPLES_UPDATE'] === '1') writeFileSync(path, lines)
    expect(readFileSync(path, 'utf8')).toBe(lines)
  })

  test('every hole of an era has a run that shows it', () => {
    for (const rules of ['seed', 'linux-6.1'] as const) expect(shown(rules).toSorted()).toEqual(UNPROMISED[rules])
  })
})
