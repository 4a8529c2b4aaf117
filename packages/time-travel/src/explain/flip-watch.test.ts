import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { BlockFold } from '../block-fold.ts'
import { parseExpression } from '../expression/parse.ts'
import { event, house, numbered } from '../house.test-support.ts'
import { Machine } from '../machine.ts'
import { PlainBlock } from '../plain-block.ts'
import { FlipWatch } from './flip-watch.ts'

/** What turns of an expression about the hall's lamp while events come in, one batch after the other. */
function turnsOf(source: string, batches: readonly (readonly AnyEvent[])[], model = house): object[] {
  const machine = new Machine([model])
  const fold = new BlockFold(machine)
  const watch = new FlipWatch(parseExpression(source), machine, 'hall')
  return batches.flatMap((batch) => {
    const block = new PlainBlock(batch)
    return [...batch.keys()].flatMap((place) => {
      fold.step(block, place, place + 1)
      return watch.at(block, place)
    })
  })
}

const found = event('house/lamp-found', { device: 1, name: 'hall', bus: null }, { device: 1 })
const lit = event('house/lit', { device: 1 }, { device: 1 })
const out = event('house/went-out', { device: 1 }, { device: 1 })
const red = event('house/lamp-identified', { device: 1, colour: 'red' }, { device: 1 })

test('flips come in the order of the events, over borders of batches', () => {
  const [a, b, c, d] = numbered(found, lit, out, lit) as [AnyEvent, AnyEvent, AnyEvent, AnyEvent]
  const expected = [
    { seq: 1, from: null, to: false },
    { seq: 2, from: false, to: true },
    { seq: 3, from: true, to: false },
    { seq: 4, from: false, to: true },
  ]
  expect(turnsOf('lit', [[a, b], [c], [d]])).toEqual(expected)
  expect(turnsOf('lit', [[a, b, c, d]])).toEqual(expected)
})

test('the baseline is one step, told with the first event behind it', () => {
  const baseline = [found, lit].map((e) => ({ ...e, seq: 0 }))
  expect(turnsOf('lit', [baseline])).toEqual([])
  expect(turnsOf('lit', [baseline, numbered(out)])).toEqual([
    { seq: 0, from: null, to: true },
    { seq: 1, from: true, to: false },
  ])
})

test('what is learnt of an incarnation turns it too, though with the whole log known it changes nothing', () => {
  const model = { ...house, views: { parts: ['lit', 'switched', 'colour', 'learntAt'], touches: { 'lamp-identified': [] } } }
  expect(turnsOf('colour == "red"', [numbered(found, lit, red)], model)).toEqual([{ seq: 3, from: null, to: true }])
})

/** What is told at the end of a log in which there is a lamp in the hall, and nothing more. */
const watch = (source: string, device: string): (() => void) => {
  const machine = new Machine([house])
  const one = new FlipWatch(parseExpression(source), machine, device)
  const block = new PlainBlock(numbered(found))
  new BlockFold(machine).step(block)
  one.at(block, 0)
  return () => one.mustHaveFound()
}

test('a device that never comes, and a field that never was, are told of at the end', () => {
  expect(watch('lit', 'porch')).toThrow('no device ever went by the name "porch"; there is hall')
  expect(watch('lit', 'hall')).not.toThrow()
})

test('what is no list is not counted', () => {
  expect(() => turnsOf('count(lit) == 1', [numbered(found, lit)])).toThrow('lit is no list: count(…) takes one')
  expect(() => parseExpression('count(lamps[3]) == 1')).toThrow('this is one element, and count(…) takes a list')
})
