import { describe, expect, test } from 'vitest'
import { machineBefore, sourceFrom } from './begin.ts'
import { Cursor } from './debugger/cursor.ts'
import { blame } from './explain/blame.ts'
import { parsePath } from './expression/parse.ts'
import { History } from './history.ts'
import { event, house, numbered, type HouseState } from './house.test-support.ts'
import { partsOf } from './keyframes.ts'
import { LogBlocks } from './log-blocks.ts'
import { parsePosition } from './position.ts'

const log = [
  event('house/lamp-found', { device: 1, name: 'hall', bus: null }, { seq: 0 }),
  ...numbered(
    event('house/lit', { device: 1 }),
    event('house/lamp-found', { device: 2, name: 'porch', bus: null }),
    event('house/lit', { device: 2 }),
    event('house/went-out', { device: 1 }),
  ),
]
const blocks = new LogBlocks({ read: () => log }, 2)
const whole = {
  read: () => log,
  blocks: (range: Parameters<LogBlocks['blocks']>[0]) => blocks.blocks(range),
  summaries: () => blocks.summaries(),
  keyframe: async () => null,
}
const lamps = (history: History, at: string): Promise<unknown> =>
  history
    .at(parsePosition(at))
    .then(({ machine }) =>
      [...machine.state<HouseState>('house').lamps].map(([id, lamp]) => [id, lamp.lit, machine.facts.value('device', id, 'name')]),
    )

describe('a log without its head', () => {
  test('behind a keyframe all is known as of the whole log', async () => {
    const { machine, at } = await new History(whole, [house]).at({ kind: 'seq', seq: 3 })
    const history = new History(sourceFrom(whole, { ...at, ended: false, parts: partsOf(machine) }), [house])
    for (const position of ['3', '4', 'end'])
      expect(await lamps(history, position)).toEqual(await lamps(new History(whole, [house]), position))
    expect(await history.find(parsePosition('start'))).toEqual({ seq: 3, entry: 3, time: at.time })
    await expect(history.find(parsePosition('2'))).rejects.toThrow('event 2 is gone with the head of the log: it is known from event 3 on')
    const cursor = await Cursor.open(history)
    await cursor.goTo(1)
    expect([cursor.seq, cursor.last]).toEqual([3, 4])
    expect(await cursor.run('backwards', [], 0)).toMatchObject({ seq: 3 })
    const lit = await blame(history, { device: 2, path: parsePath('lit') }, 4)
    expect([lit.value.value, lit.seq]).toEqual([true, null])
    expect((await blame(history, { device: 1, path: parsePath('lit') }, 4)).seq).toBe(4)
    const walked = await history.walk((e) => expect(e.seq).toBe(4))
    expect([...walked.state<HouseState>('house').lamps].map(([id, { lit }]) => [id, lit])).toEqual([
      [1, false],
      [2, true],
    ])
  })

  test('without a keyframe nothing is known but what is still told, as behind a gap', () => {
    const seen: string[] = []
    const watching = { ...house, evolve: (_: unknown, e: { type: string }) => void seen.push(e.type) }
    expect(machineBefore([watching], { seq: 3, entry: null, time: null, ended: false, parts: null }).seq).toBe(3)
    expect(seen).toEqual(['log/gap'])
  })
})
