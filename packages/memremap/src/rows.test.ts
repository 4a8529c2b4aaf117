/** Folding an event in numbers makes of the state what folding the same as an object makes. */
import type { AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { initialMemremap, pagemapOf, type MemremapState } from './memremap-state.ts'
import type { Pagemap } from './pagemap/pagemap.ts'
import { evolveGrabbedRow, evolveLookedUpRow, evolveRowStarted } from './rows.ts'
import type { MemremapEvent } from './events.ts'
import { evolveMemremap } from './state.ts'

const of = (state: MemremapState, pagemap: number | null, seq: number): Pagemap | null =>
  pagemap === null ? null : pagemapOf(state, pagemap, seq)

/** @returns false when there is no such fold of the event */
function evolveInNumbers(state: MemremapState, any: AnyEvent): boolean {
  const event = any as MemremapEvent
  switch (event.type) {
    case 'memremap/lookup-started':
    case 'memremap/grab-started':
      evolveRowStarted(state)
      return true
    case 'memremap/looked-up':
      evolveLookedUpRow(state, of(state, event.data.pagemap, event.seq), event.data.fresh)
      return true
    case 'memremap/grabbed': {
      const { pagemap, pfn, head, before, refs, kind } = event.data
      // One that nobody heard of is none of the state's, unless something was really taken.
      const p = pfn === null || refs === 0 ? null : of(state, pagemap, event.seq)
      const told = { pagemap: p, pfn, head, before, refs, pin: kind === 'pin', began: event.cause[0] ?? 0 }
      evolveGrabbedRow(state, event.seq, event.actor!, told)
      return true
    }
    default:
      return false
  }
}

const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value)
const pfn = orNull(fc.integer({ min: 0x100000, max: 0x100005 }))
const pagemap = orNull(fc.integer({ min: 1, max: 2 }))
const pointer = fc.constantFrom('0xff00000000001000', '0xff00000000002000')
const count = orNull(fc.integer({ min: 0, max: 3 }))
const refs = fc.integer({ min: 0, max: 2 })
const kind = fc.constantFrom('get', 'pin')

const payload = fc.oneof(
  fc.record({ pfn: fc.constant(0x100000), cached: orNull(pointer) }).map((data) => ['memremap/lookup-started', data] as const),
  fc.record({ pfn, pagemap, pointer: orNull(pointer), fresh: fc.boolean() }).map((data) => ['memremap/looked-up', data] as const),
  fc
    .record({ pfn, page: pointer, pagemap, word: orNull(pointer), refcount: count, refs, flags: refs, folio: fc.boolean() })
    .map((data) => ['memremap/grab-started', data] as const),
  fc
    .record({ pfn, pagemap, before: count, head: pfn, refs, kind, result: orNull(pointer) })
    .map((data) => ['memremap/grabbed', data] as const),
  fc
    .record({ pfn, pages: refs, pagemap, page: orNull(pointer), head: pfn, word: orNull(pointer), before: count, refs, kind })
    .map((data) => ['memremap/put', { ...data, how: 'put_page' }] as const),
  fc.record({ pagemap: fc.integer({ min: 1, max: 2 }), order: fc.constantFrom(null, 0, 1) }).map(
    ({ pagemap: of, order }) =>
      [
        'memremap/map-started',
        {
          pagemap: of,
          pointer: '0xff00000000001000',
          start: 0x1_0000_0000n,
          end: 0x1_0000_5fffn,
          type: 2,
          altBase: null,
          reserve: null,
          free: null,
          alloc: null,
          altEnd: null,
          flags: 0,
          vmemmapShift: order,
        },
      ] as const,
  ),
  fc.integer({ min: 1, max: 2 }).map((of) => ['memremap/memory-removed', { pagemap: of, start: 0x1_0000_0000n, size: 0x6000n }] as const),
  fc.constant(['memremap/idle-wait-started', { call: 'ext4_break_layouts', inode: null, returns: true }] as const),
  fc.record({ page: fc.constant(null), pfn, pagemap }).map((data) => ['memremap/busy-looked-up', data] as const),
  fc.constant(['log/gap', { reason: 'lost', lost: null, cpu: null, model: null }] as const),
)

const events = fc.array(fc.tuple(payload, fc.integer({ min: 1, max: 2 }), fc.nat(3)), { maxLength: 60, size: 'max' }).map((said) =>
  said.map(([[type, data], pid, back], i): AnyEvent => {
    const cause = back > 0 && back <= i ? [i + 1 - back] : []
    const by = { cpu: 0, actor: { pid, comm: `task${pid}` }, context: 'd....', source: 'probe', where: 'there' }
    return { seq: i + 1, entry: i + 1, time: i * 10, device: null, cause, ...by, type, data }
  }),
)

test('after any events the states are the same, however those with rows were folded', () => {
  fc.assert(
    fc.property(events, (all) => {
      const [asObjects, asRows] = [initialMemremap(), initialMemremap()]
      for (const event of all) {
        evolveMemremap(asObjects, event)
        if (!evolveInNumbers(asRows, event)) evolveMemremap(asRows, event)
        expect(asRows).toEqual(asObjects)
      }
    }),
    { numRuns: 300 },
  )
})
