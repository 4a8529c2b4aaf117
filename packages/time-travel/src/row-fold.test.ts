/** Events in numbers do to tasks and spans what the same do as objects: once they are settled, and whatever comes in between. */
import { rowsOf, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventFold } from './event-fold.ts'
import { event, house } from './house.test-support.ts'
import { Machine } from './machine.ts'
import { encodePlain } from './plain-data.ts'

const small = fc.integer({ min: 1, max: 3 })
const payload = fc.oneof(
  { weight: 4, arbitrary: fc.constant(['house/looked', {}] as const) },
  { weight: 4, arbitrary: fc.constant(['house/looked-away', {}] as const) },
  { weight: 4, arbitrary: fc.record({ circuit: fc.option(small), amperes: small }).map((data) => ['house/circuit-used', data] as const) },
  { weight: 2, arbitrary: fc.record({ device: fc.option(small) }).map((data) => ['house/waited', data] as const) },
  { weight: 2, arbitrary: fc.constant(['house/stopped-waiting', {}] as const) },
  { weight: 1, arbitrary: fc.record({ device: small }).map((data) => ['house/lit', data] as const) },
  { weight: 1, arbitrary: fc.constant(['log/gap', { reason: 'lost', lost: null, cpu: null, model: null }] as const) },
  { weight: 1, arbitrary: fc.constant(['log/returns-missed', { call: 'look' }] as const) },
)
const actor = fc.record({ pid: fc.integer({ min: 0, max: 2 }), comm: fc.constantFrom('sh', 'sh', 'sh', 'cat', '<...>') })
const around = fc.record({ cpu: fc.integer({ min: 0, max: 1 }), actor, isRow: fc.boolean(), settles: fc.boolean() })
const events = fc.array(fc.tuple(payload, around), { maxLength: 80, size: 'max' }).map((all) =>
  all.map(([[type, data], { isRow, settles, ...by }], i) => ({
    event: { ...event(type, data, { ...by, seq: i + 1, entry: i + 1, time: i }), context: 'd....', source: 'probe', where: 'there' },
    isRow,
    settles,
  })),
)

/** Everything that folding changes, order included. */
const content = ({ content: { tasks, spans } }: Machine): string => Buffer.from(encodePlain([tasks, spans])).toString('latin1')

function fold(all: readonly { readonly event: AnyEvent; readonly isRow: boolean; readonly settles: boolean }[]): string[] {
  const machine = new Machine([house])
  // What the models make of them is told elsewhere.
  const fast = new EventFold(machine, [])
  const told: string[] = []
  for (let at = 0; at < all.length;) {
    // A run of rows ends where somebody looks.
    const end = all.findIndex(({ isRow, settles, event: e }, i) => i >= at && (settles || !isRow || e.type.startsWith('log/')))
    const run = all.slice(at, all[end]!.settles && all[end]!.isRow && !all[end]!.event.type.startsWith('log/') ? end + 1 : end)
    const rows =
      run.length === 0
        ? null
        : rowsOf(
            run.map(({ event: e }) => e),
            machine.vocabulary,
          )
    if (rows === null) fast.step(all[at]!.event)
    else fast.stepRows(rows)
    at += rows?.count ?? 1
    if (!all[at - 1]!.settles) continue
    fast.settle()
    told.push(content(machine))
  }
  return told
}

test('whatever is folded in numbers comes to the same', () => {
  fc.assert(
    fc.property(events, (all) => {
      const last = all.map((said, i) => ({ ...said, settles: said.settles || i === all.length - 1 }))
      expect(fold(last)).toEqual(fold(last.map((said) => ({ ...said, isRow: false }))))
    }),
    { numRuns: 1000 },
  )
})
