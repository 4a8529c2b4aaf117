import { asModel, declareEvents, f, type AnyEvent, type Model } from '@devtrail/events'
import { expect, test } from 'vitest'
import { parsePath } from '../expression/parse.ts'
import { event, numbered } from '../house.test-support.ts'
import { History } from '../history.ts'
import { partsOf } from '../keyframes.ts'
import { Machine } from '../machine.ts'
import type { EventSource } from '../source.ts'
import { attribute } from './attribute.ts'
import { blame } from './blame.ts'
import { differences } from './diff.ts'
import { listsOf, viewOf } from './view-at.ts'

interface Board {
  readonly slots: Map<number, { card: number; device: number }>
}

const boardCatalogue = declareEvents('board', {
  plugged: {
    version: 1,
    doc: 'A card came into a slot, whoever had it.',
    fields: { device: f.device('whose'), slot: f.count('which'), card: f.count('what') },
  },
})

/** Slots, each of which one device has at a time: a card that comes takes its slot from whoever had it, without a word of that. */
const board: Model = asModel<Board>({
  name: 'board',
  catalogue: boardCatalogue,
  initial: () => ({ slots: new Map() }),
  evolve: ({ slots }, { type, data }) => {
    if (type === 'board/plugged') slots.set(data['slot'] as number, { card: data['card'] as number, device: data['device'] as number })
  },
  invariants: [],
  describe: ({ slots }, id) => ({
    slots: { known: [...slots].flatMap(([slot, { card, device }]) => (device === id ? [{ slot, card }] : [])), complete: true },
  }),
  views: {
    parts: ['slots'],
    lists: { slots: { by: ['slot'], isChangedBy: ({ data }, key) => data['slot'] === Number(key) } },
    touches: { plugged: ['slots'] },
    reachesAll: ['plugged'],
  },
})

const plugged = (device: number, slot: number, card: number): AnyEvent => event('board/plugged', { device, slot, card }, { device })
const events = numbered(
  plugged(1, 5, 10),
  plugged(1, 6, 11),
  plugged(2, 5, 12),
  ...Array.from({ length: 2000 }, (_, i) => plugged(1, 6, 20 + (i % 7))),
)

/** These events, with a keyframe every hundred. */
function historyOf(): History {
  const machine = new Machine([board])
  const keyframes = events.flatMap((e) => {
    machine.step(e)
    return e.seq % 100 === 0 ? [{ seq: e.seq, parts: partsOf(machine) }] : []
  })
  const source: EventSource = {
    read: () => events,
    keyframe: async (_, atOrBefore) => keyframes.findLast(({ seq }) => seq <= atOrBefore) ?? null,
  }
  return new History(source, [board], { fold: 'x' })
}

test('what another device took is found, however long ago and whatever came since', async () => {
  const history = historyOf()
  const place = { device: 1, path: parsePath('slots[5]') }
  expect(await blame(history, place, events.length)).toMatchObject({ seq: 3, before: { value: { slot: 5, card: 10 } } })
  expect(await blame(history, place, 2)).toMatchObject({ seq: 1 })
  expect(await blame(history, { device: 2, path: parsePath('slots[5].card') }, events.length)).toMatchObject({
    seq: 3,
    value: { value: 12 },
  })
})

test('so is the event behind a change between two moments', async () => {
  const history = historyOf()
  const [a, b] = [await history.at({ kind: 'seq', seq: 2 }), await history.at({ kind: 'end' })]
  const changes = [1, 2].flatMap((d) => differences(d, viewOf(a.machine, d), viewOf(b.machine, d), listsOf([board])))
  const seqs = await attribute(history, changes, events.length)
  const of = (device: number, path: string): number | undefined => seqs.get(changes.find((c) => c.device === device && c.path === path)!)
  expect([of(1, 'slots[5]'), of(2, 'slots[5]'), of(1, 'slots[6].card')]).toEqual([3, 3, events.length])
  // From keyframe to keyframe alone it would be looked at from end to end; told how far to look, it comes there at once.
  const quick = await attribute(
    historyOf(),
    changes.filter(({ path }) => path === 'slots[5]'),
    events.length,
    { events: 1000 },
  )
  expect(quick.size).toBe(2)
})
