import { describe, expect, it } from 'vitest'
import type { DeviceInfo } from '@devtrail/events'
import { event, historyOf, house, info, numbered, type HouseState } from './house.test-support.ts'
import { Machine } from './machine.ts'
import { NoSuchPositionError, parsePosition } from './position.ts'
import { describeDevice, momentToJson, shownDevices, stateToJson } from './view.ts'

const found = event('house/lamp-found', { device: 1, name: 'hall', bus: null }, { seq: 0 })
const log = [
  found,
  ...numbered(
    event('house/lit', { device: 1 }),
    event('house/went-out', { device: 1 }),
    event('house/lamp-found', { device: 2, name: 'porch', bus: null }),
    event('house/lit', { device: 2 }),
    event('house/lamp-identified', { device: 1, colour: 'red' }),
  ),
]
const history = historyOf(log, 9)
const lit = async (at: string): Promise<unknown> => {
  const { machine } = await history.at(parsePosition(at))
  return [...machine.state<HouseState>('house').lamps].map(([id, lamp]) => [id, lamp.lit])
}

describe('the state at a position', () => {
  it('start is the baseline, end is everything', async () => {
    expect(await lit('start')).toEqual([[1, false]])
    expect(await lit('end')).toEqual([
      [1, false],
      [2, true],
    ])
  })

  it.each(['1', '@1', '1s', '1.5s'])('%s is after the first event', async (at) => {
    expect(await lit(at)).toEqual([[1, true]])
    expect((await history.at(parsePosition(at))).at.seq).toBe(1)
  })

  it('an entry past the events is known by the number of entries', async () => {
    expect(await lit('@9')).toEqual(await lit('end'))
    await expect(history.at(parsePosition('@10'))).rejects.toThrow(NoSuchPositionError)
    await expect(history.find(parsePosition('6'))).rejects.toThrow('there is no event 6: the log ends at 5 (5.000000s)')
  })

  it('is the same however often and in which order it is asked for', async () => {
    const first = await lit('2')
    await lit('end')
    expect(await lit('2')).toEqual(first)
  })

  it('holds nothing of later events, but what was learnt of an identity is filled back and marked', async () => {
    const { machine } = await history.at({ kind: 'start' })
    expect(describeDevice(machine, 1)).toEqual({ lit: false, switched: 0, colour: 'red', learntAt: 5 })
    expect(machine.devices().map((d) => d.name)).toEqual(['hall'])
  })

  it('a machine that steps alone knows only what was said so far', () => {
    const machine = new Machine([house])
    for (const e of log.slice(0, 3)) machine.step(e)
    expect(describeDevice(machine, 1)).toMatchObject({ lit: false, switched: 2, colour: null, learntAt: null })
  })
})

describe('walking', () => {
  it('visits every event once, in order, with the state after it', async () => {
    const seen: [number, number][] = []
    const machine = await history.walk((e, m) => seen.push([e.seq, m.state<HouseState>('house').lamps.get(1)!.switched]))
    expect(seen).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 2],
      [5, 2],
    ])
    expect(machine.state<HouseState>('house').lamps.get(2)!.lit).toBe(true)
  })

  it('notes the first and last event of each device, by whatever names it', async () => {
    const machine = await history.walk(() => undefined)
    expect([...machine.spans]).toEqual([
      [1, { first: 0, last: 5, events: 4 }],
      [2, { first: 3, last: 4, events: 2 }],
    ])
  })

  it('gathers the facts of the whole log', async () => {
    const facts = await history.facts()
    expect(facts.find('device', 1, 'colour')).toEqual({ value: 'red', seq: 5, type: 'house/lamp-identified' })
  })
})

describe('a machine', () => {
  it('has no state of a model that it was not given', () => {
    expect(() => new Machine([house]).state('garden')).toThrow('there is no model "garden" among house')
  })

  it('names each alias once', () => {
    const machine = new Machine([house, { ...house, name: 'annex', catalogue: { prefix: 'annex', declarations: {} } }])
    for (const e of log) machine.step(e)
    expect(machine.aliases(1)).toEqual(['light-of-1'])
    expect(machine.aliases(9)).toEqual([])
  })
})

const one = (id: number, presence: 'present' | 'removed' | 'gone' | null, bookkeeping = false): DeviceInfo =>
  info({
    id,
    name: `d${id}`,
    presence,
    bookkeeping,
  })

describe('stateToJson', () => {
  it('is the device part of state --json: where, and each device under its key', async () => {
    const snapshot = await history.at(parsePosition('@4'))
    const json = stateToJson(snapshot, shownDevices(snapshot.machine))
    expect(json).toEqual({
      schemaVersion: 1,
      at: { seq: 4, entry: 4, time: '4.000000' },
      devices: {
        hall: { lit: false, switched: 2, colour: 'red', learntAt: 5 },
        porch: { lit: true, switched: 1, colour: null, learntAt: null },
      },
    })
    expect(stateToJson(snapshot, [], 9)['at']).toEqual({ seq: 4, entry: 4, time: '4.000000000' })
  })

  it('at the start there is no entry and no time', () => {
    expect(momentToJson({ seq: 0, entry: null, time: null })).toEqual({ seq: 0, entry: null, time: null })
  })

  it('a device named like a member of every object is shown like any other', async () => {
    const odd = historyOf([event('house/lamp-found', { device: 1, name: '__proto__', bus: null }, { seq: 0 })])
    const snapshot = await odd.at({ kind: 'end' })
    const { devices } = stateToJson(snapshot, shownDevices(snapshot.machine)) as { devices: object }
    expect(Object.keys(devices)).toEqual(['__proto__'])
  })

  it('shows devices that are or may be present, bookkeeping ones only when all are wanted', () => {
    const devices = [one(1, 'present'), one(2, 'removed'), one(3, 'gone'), one(4, null), one(5, 'present', true)]
    const machine = new Machine([{ ...house, devices: () => devices }])
    expect(shownDevices(machine).map((d) => d.id)).toEqual([1, 4])
    expect(shownDevices(machine, true).map((d) => d.id)).toEqual([1, 4, 5])
  })
})
