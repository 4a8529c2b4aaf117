/** A cursor goes where a fold of everything says it has to, forwards and backwards. */
import { Cursor, flips, History, parseExpression, type Flip, type StopFor } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { models } from '@devtrail/survey'
import { KeptSource, logOf } from './kept-source.test-support.ts'
import { imported } from './recorded.test-support.ts'

async function historyOf(name: string, every: number): Promise<History> {
  const { events } = await imported(name)
  const cuts = new Set(events.filter(({ seq }) => seq > 0 && seq % every === 0).map(({ seq }) => seq))
  return new History(new KeptSource(await logOf(events), events, cuts), models, { fold: 'x' })
}

const stop = (source: string, device = 'pfn0.0'): StopFor => ({
  id: 1,
  text: source,
  device,
  kind: 'turns-true',
  expression: parseExpression(source),
})

test.each([
  ['fsdax-splice', 'pfn0.1', 100, 'driver.state == "bound"'],
  ['fsdax-splice', 'pfn0.1', 100, 'count(pagemaps) > 0 && driver.state != "bound"'],
  ['lab-cycles', 'pfn0.0', 500, 'driver.state == "bound"'],
])(
  '%s, %s: runs stop at each event that makes an expression true, both ways',
  { timeout: 120_000 },
  async (name, device, every, source) => {
    const history = await historyOf(name, every)
    const all: Flip[] = []
    await flips(history, parseExpression(source), (flip) => void all.push(flip), { device })
    const expected = all.filter(({ to, seq }) => to === true && seq > 0).map(({ seq }) => seq)
    expect(expected.length).toBeGreaterThan(0)
    const cursor = await Cursor.open(history)
    const forwards: number[] = []
    for (;;) {
      const { seq, hits } = await cursor.run('forwards', [stop(source, device)], cursor.last)
      if (hits.length === 0) break
      forwards.push(seq)
    }
    expect(forwards).toEqual(expected)
    expect(cursor.seq).toBe(cursor.last)
    const backwards: number[] = []
    for (;;) {
      const { seq, hits } = await cursor.run('backwards', [stop(source, device)], 0)
      if (hits.length === 0) break
      backwards.push(seq)
    }
    expect(backwards).toEqual(expected.toReversed())
    expect(cursor.seq).toBe(0)
  },
)

test('wherever it goes, its state is that of a fold from the start', async () => {
  const history = await historyOf('fsdax-splice', 60)
  const cursor = await Cursor.open(history)
  for (const seq of [10, 11, 12, 300, 299, 298, 59, 60, 61, 493, 1, 0, 1000, -5]) {
    await cursor.goTo(seq)
    const there = Math.min(493, Math.max(0, seq))
    expect(cursor.seq).toBe(there)
    const { machine } = await new History(history.source, models).at({ kind: 'seq', seq: there })
    expect(cursor.machine.content).toEqual(machine.content)
  }
})

test('a fence ends a run, and an interruption keeps the place it has come to', async () => {
  const history = await historyOf('lab-cycles', 500)
  const cursor = await Cursor.open(history)
  const never = stop('driver.name == "nobody"')
  expect(await cursor.run('forwards', [never], 1000)).toMatchObject({ seq: 1000, hits: [], isInterrupted: false })
  expect(await cursor.run('backwards', [never], 700)).toMatchObject({ seq: 700, hits: [] })
  expect(await cursor.run('backwards', [never], 900)).toMatchObject({ seq: 700 })
  const before = AbortSignal.abort()
  expect(await cursor.run('forwards', [never], cursor.last, { signal: before })).toMatchObject({ seq: 700, isInterrupted: true })
  expect(await cursor.run('backwards', [never], 0, { signal: before })).toMatchObject({ isInterrupted: true })
  expect(cursor.seq).toBe(699)
})
