/** While nobody listens lookups and references take shorter ways: what they answer and what they leave must be the same. */
import { Emitter, Ids, ManualClock } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foll } from './page/foll.ts'
import { refCount, type DevPagemap } from './pagemap/dev-pagemap.ts'
import { memoryType } from './pagemap/memory-type.ts'
import { PagemapRegistry } from './pagemap-registry.ts'
import { memremapRules, type MemremapRules } from './rules.ts'

const SIZE = 2n << 20n
const START = 4n << 30n
/** Around the borders of pagemaps of 2 MiB, of which the second and the third do not touch. */
const PFNS = [0x0fffff, 0x100000, 0x1001ff, 0x100200, 0x1003ff, 0x100400, 0x100600, 0x1007ff, 0x100800, 0x100801, 0x100a01]
const SLOTS: readonly { readonly at: number; readonly type: number; readonly vmemmapShift?: number }[] = [
  { at: 0, type: memoryType.FS_DAX },
  { at: 1, type: memoryType.FS_DAX },
  { at: 3, type: memoryType.GENERIC },
  { at: 4, type: memoryType.COHERENT },
  { at: 5, type: memoryType.FS_DAX, vmemmapShift: 9 },
]

class Machine {
  readonly emitter = new Emitter(new ManualClock())
  readonly registry: PagemapRegistry
  readonly maps: (DevPagemap | null)[] = SLOTS.map(() => null)
  /** Pagemaps that were looked up and not put. */
  readonly held: DevPagemap[] = []

  constructor(rules: MemremapRules) {
    this.registry = new PagemapRegistry(this.emitter, new Ids(), { rules })
  }

  map(slot: number): unknown {
    const { at, type, vmemmapShift = 0 } = SLOTS[slot]!
    const start = START + SIZE * BigInt(at)
    const rest = { vmemmapShift, owner: 'gpu', ops: { pageFree: () => {} } }
    const p = this.registry.memremapPages(1, { start, end: start + SIZE - 1n }, type, rest)
    if (typeof p !== 'number') this.maps[slot] = p
    return typeof p === 'number' ? p : p.id
  }

  lookup(pfn: number, cached: boolean): unknown {
    const held = cached ? (this.held.at(-1) ?? null) : null
    const p = this.registry.getDevPagemap(pfn, held)
    // Of the cached one no reference was taken, and that of another was put; in kernels before 4.16 neither.
    if (!this.registry.rules.cachedLookupGets && held !== null) this.held.pop()
    if (p !== null) this.held.push(p)
    return p?.id ?? null
  }

  put(): unknown {
    return this.registry.putDevPagemap(this.held.pop() ?? null)
  }

  unmap(slot: number): unknown {
    const p = this.maps[slot]
    return p?.phase === 'live' || p?.phase === 'unmapping' ? this.registry.memunmapPages(p) : null
  }

  kill(slot: number): unknown {
    const p = this.maps[slot]
    return p?.phase === 'live' && !p.ref.isDying ? p.ref.kill() : null
  }

  refs(slot: number): unknown {
    const p = this.maps[slot]
    return p ? refCount(p) : null
  }

  page(how: string, pfn: number): unknown {
    const { references } = this.registry
    if (how === 'get') return references.getPage(pfn)
    if (how === 'put') return references.putPage(pfn)
    return how === 'grab' ? references.tryGrab(pfn, foll.GET) : this.registry.putPage(pfn)
  }
}

const slot = fc.nat(SLOTS.length - 1)
const pfn = fc.constantFrom(...PFNS)
const call = fc.oneof(
  { weight: 2, arbitrary: slot.map((n) => ({ what: `map ${n}`, run: (m: Machine) => m.map(n) })) },
  { weight: 1, arbitrary: slot.map((n) => ({ what: `unmap ${n}`, run: (m: Machine) => m.unmap(n) })) },
  { weight: 1, arbitrary: slot.map((n) => ({ what: `kill ${n}`, run: (m: Machine) => m.kill(n) })) },
  {
    weight: 4,
    arbitrary: fc.tuple(pfn, fc.boolean()).map(([n, c]) => ({ what: `lookup ${n} ${c}`, run: (m: Machine) => m.lookup(n, c) })),
  },
  { weight: 3, arbitrary: fc.constant({ what: 'put', run: (m: Machine) => m.put() }) },
  { weight: 1, arbitrary: fc.constant({ what: 'grace', run: (m: Machine) => m.registry.machine.rcu.drain() }) },
  { weight: 1, arbitrary: slot.map((n) => ({ what: `count ${n}`, run: (m: Machine) => m.refs(n) })) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('get', 'put', 'grab', 'putPage'), pfn)
      .map(([how, n]) => ({ what: `${how} ${n}`, run: (m: Machine) => m.page(how, n) })),
  },
)
const turn = fc.record({ call, heard: fc.boolean() })

/** What each call answered, and what was left after it. */
function told(
  turns: readonly { call: { run: (m: Machine) => unknown }; heard: boolean }[],
  rules: MemremapRules,
  heard: (asked: boolean) => boolean,
): unknown[] {
  const m = new Machine(rules)
  for (const n of SLOTS.keys()) if (n !== 1) m.map(n)
  const answers = turns.map(({ call: { run }, heard: asked }) => {
    m.emitter.sink = heard(asked) ? () => {} : null
    let answer: unknown
    try {
      answer = run(m)
    } catch (error) {
      answer = String(error).replace(/\(after event \d+\)/, '')
    }
    return [answer, m.maps.map((p) => p?.phase), PFNS.map((n) => m.registry.countOf(n))]
  })
  // Not before: to look at a reference brings its counters up to date.
  return [...answers, m.maps.map((_, n) => m.refs(n))]
}

for (const [name, rules] of [
  ['of 6.1', memremapRules['linux-6.1']],
  ['that take a reference for the cached pagemap too', { ...memremapRules['linux-6.1'], cachedLookupGets: true, otherCachedPut: false }],
  ['whose page references hold the pagemap', { ...memremapRules['linux-6.1'], pageHoldsPagemap: true }],
] as const)
  test(`under rules ${name} all is the same whether anybody listens, or comes and goes`, () => {
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 40 }), (turns) => {
        const always = told(turns, rules, () => true)
        expect(told(turns, rules, () => false)).toEqual(always)
        expect(told(turns, rules, (asked) => asked)).toEqual(always)
      }),
      { numRuns: 150 },
    )
  })

test('who begins to listen hears of every lookup and reference from then on, and of one that a removed pagemap answers', () => {
  const m = new Machine(memremapRules['linux-6.1'])
  m.map(0)
  const p = m.maps[0]!
  m.lookup(0x100000, false)
  m.lookup(0x100001, true)
  m.page('get', 0x100000)
  const heard: string[] = []
  m.emitter.sink = (event) => heard.push(event.type.slice(event.type.indexOf('/') + 1))
  m.lookup(0x100001, true)
  m.page('get', 0x100000)
  m.put()
  expect(heard).toEqual(['lookup-started', 'looked-up', 'grabbed', 'put'])
  m.emitter.sink = null
  expect(m.registry.memunmapPages(p)).toBe(true)
  heard.length = 0
  m.emitter.sink = (event) => heard.push(event.type)
  expect(m.registry.getDevPagemap(0x100001, p)).toBe(p)
  expect(heard).toEqual(['memremap/lookup-started', 'memremap/looked-up'])
})

test('a put that nobody hears wakes who sleeps on its page, also when another sleeper has gone', () => {
  const m = new Machine(memremapRules['linux-6.1'])
  m.map(0)
  const { references, waits } = m.registry
  for (const n of [0, 1]) {
    references.getPage(0x100000 + n)
    m.emitter.actor = { pid: 100 + n, comm: 'truncate' }
    waits.start(() => [0x100000 + n], 'ext4_break_layouts')
  }
  expect([...waits.sleeping.keys()]).toEqual([100, 101])
  references.putPage(0x100000)
  expect([...waits.sleeping.keys()]).toEqual([101])
  references.putPage(0x100001)
  expect(waits.sleeping.size).toBe(0)
})

test('the words of a dying reference are another one’s: what still holds the first counts on that no more', () => {
  const m = new Machine(memremapRules['linux-6.1'])
  m.map(0)
  m.lookup(0x100000, false)
  const dying = m.maps[0]!
  dying.ref.kill()
  m.registry.machine.rcu.drain()
  m.map(2)
  const other = m.maps[2]!
  expect([refCount(dying), refCount(other)]).toEqual([513, 513])
  m.put()
  expect(m.lookup(0x100000, false)).toBe(null)
  expect([refCount(dying), refCount(other)]).toEqual([512, 513])
})
