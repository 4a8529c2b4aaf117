import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { History } from './history.ts'
import { event, house } from './house.test-support.ts'
import { KeyframeRecorder } from './keyframe-recorder.ts'
import { partsOf } from './keyframes.ts'
import { LogBlocks } from './log-blocks.ts'
import { Machine } from './machine.ts'
import { findMoment } from './find-moment.ts'
import { encodePlain } from './plain-data.ts'
import type { Position } from './position.ts'
import { slowMachine, slowMoment } from './slow-history.test-support.ts'
import type { StoredKeyframe } from './source.ts'
import { StrictSource } from './strict-blocks.test-support.ts'

const small = fc.integer({ min: 1, max: 4 })
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value)
const payload = fc.oneof(
  fc
    .record({ device: small, name: fc.constantFrom('hall', 'porch'), bus: orNull(fc.constant('mains')) })
    .map((data) => ['lamp-found', data] as const),
  fc.record({ device: small, colour: orNull(fc.constantFrom('red', 'blue')) }).map((data) => ['lamp-identified', data] as const),
  fc.record({ device: small }).map((data) => ['lit', data] as const),
  fc.record({ device: small }).map((data) => ['went-out', data] as const),
  fc.record({ circuit: small, device: orNull(small), namespace: orNull(small) }).map((data) => ['circuit-identified', data] as const),
  fc.record({ amperes: small, circuit: orNull(small) }).map((data) => ['circuit-used', data] as const),
  fc.record({ spot: small, device: small }).map((data) => ['spot-identified', data] as const),
  fc.record({ spot: small }).map((data) => ['spot-touched', data] as const),
  fc.record({ device: orNull(small) }).map((data) => ['waited', data] as const),
  fc.constant(['stopped-waiting', {}] as const),
  fc.constant(['looked', {}] as const),
  fc.constant(['looked-away', {}] as const),
)
const said = fc.record({
  device: orNull(small),
  cpu: orNull(fc.integer({ min: 0, max: 1 })),
  actor: orNull(fc.record({ pid: fc.integer({ min: 0, max: 3 }), comm: fc.constantFrom('sh', 'cat', '<...>') })),
  entry: orNull(fc.integer({ min: 1, max: 40 })),
  time: fc.integer({ min: 0, max: 50 }),
})
const something = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(payload, said).map(([[name, data], around]) => event(`house/${name}`, data, around)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(orNull(fc.constantFrom('house', 'other')), said)
      .map(([model, around]) => event('log/gap', { reason: 'lost', lost: null, cpu: null, model }, around)),
  },
)
const log = fc
  .tuple(fc.array(something, { maxLength: 4 }), fc.array(something, { maxLength: 60 }))
  .map(([baseline, events]): AnyEvent[] => [
    ...baseline.map((e) => ({ ...e, seq: 0, entry: null })),
    ...events.map((e, i) => ({ ...e, seq: i + 1 })),
  ])

/** Everything a machine holds, order included. */
const content = (machine: Machine): unknown[] => [
  Buffer.from(encodePlain([machine.content.models, machine.content.tasks, machine.content.spans])).toString('latin1'),
  [...machine.spans],
  machine.devices(),
]

/** A source with keyframes cut by a recorder at the given numbers of events. */
class KeptSource extends StrictSource {
  readonly #keyframes: StoredKeyframe[] = []

  constructor(events: readonly AnyEvent[], size: number, cuts: readonly number[]) {
    super(events, size)
    const recorder = new KeyframeRecorder(new Machine([house]))
    const held = new Map<string, Uint8Array>()
    for (const e of events) {
      recorder.machine.step(e)
      if (e.seq === 0 || !cuts.includes(e.seq)) continue
      for (const [name, bytes] of recorder.cut(e.seq).parts) {
        if (bytes === null) held.delete(name)
        else held.set(name, bytes)
      }
      this.#keyframes.push({ seq: e.seq, parts: new Map(held) })
    }
  }

  async keyframe(_fold: string, atOrBefore: number): Promise<StoredKeyframe | null> {
    return this.#keyframes.findLast(({ seq }) => seq <= atOrBefore) ?? null
  }
}

test('the fast fold equals the slow one at every position, forwards, backwards and from any keyframe', async () => {
  await fc.assert(
    fc.asyncProperty(
      log,
      fc.integer({ min: 1, max: 9 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 6 }),
      async (events, size, cuts) => {
        const last = events.at(-1)?.seq ?? 0
        const forwards = Array.from({ length: last + 1 }, (_, seq) => seq)
        const histories = [
          new History(new StrictSource(events, size), [house]),
          new History(new KeptSource(events, size, cuts), [house], { fold: 'house' }),
        ]
        for (const history of histories) {
          for (const seq of [...forwards, ...forwards.toReversed()]) {
            const { machine, at } = await history.at({ kind: 'seq', seq })
            expect(at.seq).toBe(seq)
            expect(content(machine)).toEqual(content(slowMachine(events, [house], seq)))
          }
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('every position is found where the slow search finds it', async () => {
  const position: fc.Arbitrary<Position> = fc.oneof(
    fc.constantFrom<Position>({ kind: 'start' }, { kind: 'end' }),
    fc.integer({ min: 0, max: 65 }).map((seq) => ({ kind: 'seq' as const, seq })),
    fc.integer({ min: 0, max: 45 }).map((entry) => ({ kind: 'entry' as const, entry })),
    fc.integer({ min: 0, max: 55 }).map((ns) => ({ kind: 'time' as const, ns })),
  )
  await fc.assert(
    fc.asyncProperty(
      log,
      fc.integer({ min: 1, max: 9 }),
      position,
      fc.option(fc.integer({ min: 0, max: 50 })),
      async (events, size, at, entries) => {
        let expected: unknown
        try {
          expected = slowMoment(events, at, entries)
        } catch (error) {
          expected = error
        }
        const found: unknown = await findMoment(new LogBlocks(new StrictSource(events, size)), at, entries).catch((error: unknown) => error)
        expect(found).toEqual(expected)
      },
    ),
    { numRuns: 1000 },
  )
})

test('a keyframe holds only the parts that changed, and drops those that are gone', () => {
  const parts = new Map<string, unknown>([
    ['a', 1],
    ['b', 2],
  ])
  const cutting = { ...house, parts: { cut: () => parts, join: () => null } }
  const recorder = new KeyframeRecorder(new Machine([cutting]), 10)
  expect([recorder.isDue(9), recorder.isDue(10)]).toEqual([false, true])
  expect(recorder.cut(10)).toMatchObject({ at: 10, since: null })
  parts.set('b', 3)
  expect(recorder.cut(20)).toMatchObject({ at: 20, since: 10, parts: [['model house b', expect.anything()]] })
  parts.delete('a')
  expect(recorder.cut(30)).toEqual({ at: 30, since: 20, parts: [['model house a', null]] })
  expect([...partsOf(recorder.machine).keys()]).toEqual(['spans', 'facts', 'tasks', 'model house b'])
})
