import { hostOf, idWithin, type AnyEvent } from '@devtrail/events'
import { describe, expect, it } from 'vitest'
import { deviceKeys, selectDevices } from '../devices.ts'
import { flips } from '../explain/bisect.ts'
import type { Flip } from '../explain/flip-watch.ts'
import { why } from '../explain/why.ts'
import { parseExpression } from '../expression/parse.ts'
import { event, numbered } from '../house.test-support.ts'
import { LogBlocks } from '../log-blocks.ts'
import { parsePosition } from '../position.ts'
import { lookThrough } from './happenings.ts'
import { lamp, street, told, type Street } from './houses.test-support.ts'
import { TimeOutOfRangeError } from './merge.ts'
import { SeqMap } from './seq-map.ts'

const by = (offset: number | null, uncertainty = 0): { offset: number | null; uncertainty: number } => ({ offset, uncertainty })

const two = (): Promise<Street> => street([lamp(100, 300), lamp(200, 400)], [[by(0, 10)]])

const at = ({ events }: Street, time: number): number =>
  events.find((e) => e.time === time && e.type !== 'house/lamp-found' && e.host !== undefined)!.seq

const isMerged = (of: readonly AnyEvent[]): Promise<boolean> =>
  lookThrough(new LogBlocks({ read: () => of }).blocks(), []).then(({ isMerged }) => isMerged)

describe('the order of events of several hosts', () => {
  it('is that of their corrected times', async () => {
    expect(told(await street([lamp(100, 200, 300), lamp(1050, 1150)], [[by(-900)]]))).toEqual([
      'a 100 lit',
      'b 150 lit',
      'a 200 went-out',
      'b 250 went-out',
      'a 300 lit',
    ])
  })

  it('is not claimed where clocks do not tell it', async () => {
    const log = await street([lamp(100, 200, 300), lamp(140, 205, 500)], [[by(0, 5)]])
    // 200 and 205 may be the other way round; 140 is surely behind 100.
    expect(told(log)).toEqual(['a 100 lit', 'b 140 lit', 'a 200 went-out', '~b 205 went-out', 'a 300 lit', 'b 500 lit'])
    expect(log.unordered).toBe(1)
    const [a, b] = log.events.filter(({ time }) => time === 200 || time === 205)
    expect(await log.history.concurrentWith(a!)).toEqual({ count: 1, first: b!.seq, last: b!.seq })
    expect(await log.history.concurrentWith(b!)).toEqual({ count: 1, first: a!.seq, last: a!.seq })
    expect(await log.history.concurrentWith(log.events.find(({ time }) => time === 300)!)).toBeNull()
  })

  it('is not known at all of a clock of which nothing is known', async () => {
    const log = await street([lamp(100, 200), lamp(1, 2)], [[by(null)]])
    expect(told(log)).toEqual(['b 1 lit', 'b 2 went-out', '~a 100 lit', '~a 200 went-out'])
    const last = log.events.findLast(({ host }) => host === 1)!
    expect(await log.history.concurrentWith(last)).toMatchObject({ count: 3 })
  })

  it('is of equal times not known', async () => {
    expect(told(await street([lamp(100), lamp(100)], [[by(0)]]))).toEqual(['a 100 lit', '~b 100 lit'])
  })

  it('within a host is what its log says, whatever its clock does', async () => {
    const log = await street([lamp(100, 130, 110, 120, 200), lamp(105, 125, 150)], [[by(0)]])
    expect(told(log).filter((text) => text.includes('a '))).toEqual([
      'a 100 lit',
      'a 130 went-out',
      '~a 110 lit',
      '~a 120 went-out',
      'a 200 lit',
    ])
    // What stands before it by the order of its own log may have happened later than the other's.
    expect(log.events.map(({ seq }) => seq)).toEqual(log.events.map((_, i) => Math.max(0, i - 1)))
  })

  it('goes on behind a reboot with another offset, or an unknown one', async () => {
    const S = 1e9
    const rebooted = lamp(50 * S, 51 * S, 1 * S, 2 * S)
    const others = lamp(10 * S, 61 * S, 63 * S)
    const known = await street([others, rebooted], [[by(10 * S), by(61.5 * S)]])
    expect(told(known)).toEqual([
      `a ${10 * S} lit`,
      `b ${60 * S} lit`,
      `a ${61 * S} went-out`,
      `~b ${61 * S} went-out`,
      `b ${62.5 * S} lit`,
      `a ${63 * S} lit`,
      `b ${63.5 * S} went-out`,
    ])
    await expect(street([others, rebooted], [[by(10 * S)]])).rejects.toMatchObject({ name: 'UnplacedClockError', host: 'b', boot: 1 })
    // It cannot have come before what stands before it.
    await expect(street([others, rebooted], [[by(10 * S), by(59 * S)]])).rejects.toMatchObject({ name: 'ContradictionError', by: 1 * S })
    const unknown = await street([others, rebooted], [[by(10 * S), by(null)]])
    expect(told(unknown)).toEqual([
      `a ${10 * S} lit`,
      `b ${60 * S} lit`,
      `a ${61 * S} went-out`,
      `~b ${61 * S} went-out`,
      `~b ${1 * S} lit`,
      `~b ${2 * S} went-out`,
      `~a ${63 * S} lit`,
    ])
  })

  it('holds for fifty hosts', async () => {
    const houses = Array.from({ length: 50 }, (_, i) =>
      lamp(...Array.from({ length: 20 }, (_, k) => 1000 * (k + 1) + ((i * 37) % 50) * 10)),
    )
    const log = await street(
      houses,
      houses.slice(1).map(() => [by(0, 1)]),
    )
    const times = log.events.filter(({ host }) => host !== undefined).map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(log.unordered).toBe(0)
    expect(log.events.filter(({ type }) => type === 'house/lit')).toHaveLength(500)
  })

  it('is refused where a time would be past what a log can hold', async () => {
    await expect(street([lamp(1), lamp(2 ** 53 - 10)], [[by(100)]])).rejects.toThrow(TimeOutOfRangeError)
    expect(told(await street([lamp(1), lamp(2 ** 53 - 10)], [[by(-100)]])).at(-1)).toBe(`b ${2 ** 53 - 110} lit`)
  })
})

describe('what a log of several hosts says', () => {
  it('leads from an event to its causes, on its own host', async () => {
    const { events, history } = await two()
    const last = events.findLast(({ host }) => host === 2)!
    const found = await why(history, last.seq)
    expect(found!.causes.map(({ event: { host, type } }) => [host, type])).toEqual([
      [2, 'house/lit'],
      [2, 'house/lamp-found'],
    ])
  })

  it('names devices behind their hosts, as they are called there', async () => {
    const { machine } = await (await two()).history.at({ kind: 'end' })
    const devices = machine.devices()
    expect([...deviceKeys(devices).values()]).toEqual(['a:lamp', 'b:lamp'])
    const select = (wanted: string): string[] =>
      selectDevices(wanted, devices, (id) => machine.aliases(id)).map(({ id, host }) => `${host} ${hostOf(id)} ${idWithin(id)}`)
    expect(select('b:lamp')).toEqual(['b 2 1'])
    expect(select('b:lamp#1')).toEqual(['b 2 1'])
    expect(select('lamp')).toEqual(['a 1 1', 'b 2 1'])
    expect(() => select('c:lamp')).toThrow('there is a:lamp, b:lamp')
    expect(() => select('b:lamp#2')).toThrow('no device goes by the name "b:lamp#2"')
    expect(machine.describe(devices[1]!.id)).toMatchObject({ lit: false, switched: 2 })
  })

  it('has positions by the entries of one host', async () => {
    const { history } = await two()
    expect((await history.find(parsePosition('b:@2'))).time).toBe(200)
    expect((await history.find(parsePosition('a:@3'))).time).toBe(300)
    await expect(history.find(parsePosition('@2'))).rejects.toThrow('say whose, as a:@2 (hosts: a, b)')
    await expect(history.find(parsePosition('c:@2'))).rejects.toThrow('there is no host "c"')
  })

  it('refuses incarnations that no number is left for', async () => {
    const event1 = event('house/lit', { device: 2 ** 32 }, { device: 2 ** 32, time: 5 })
    await expect(street([lamp(1), numbered(event1)], [[by(0)]])).rejects.toThrow('there may be 2^32 of each')
  })

  it('says where it begins when its head is gone', async () => {
    const events = lamp(1, 2, 3).slice(2)
    expect((await lookThrough(new LogBlocks({ read: () => events }).blocks(), [])).firstSeq).toBe(3)
  })

  it('says that it is of several', async () => {
    const { events } = await two()
    expect([await isMerged(events), await isMerged(lamp(1, 2))]).toEqual([true, false])
  })
})

describe('an expression about two hosts', () => {
  const both = parseExpression('device("a:lamp").lit == true and device("b:lamp").lit == true')
  const found = async (log: Street, source = both): Promise<{ all: Flip[]; unsure: unknown }> => {
    const all: Flip[] = []
    const unsure = await flips(log.history, source, (flip) => void all.push(flip))
    return { all, unsure }
  }

  it('turns where it does, when clocks tell the order', async () => {
    const log = await street([lamp(100, 300), lamp(200, 400)], [[by(0, 10)]])
    const { all, unsure } = await found(log)
    expect(unsure).toBeNull()
    expect(all.filter(({ to }) => to === true)).toEqual([{ seq: at(log, 200), from: false, to: true, isSure: true }])
    expect(all.at(-1)).toEqual({ seq: at(log, 300), from: true, to: false, isSure: true })
  })

  it('turns perhaps, when they do not', async () => {
    // a goes out at 200, b is lit at 205: never both; the other way round, both for a moment.
    const log = await street([lamp(100, 200), lamp(205, 400)], [[by(0, 10)]])
    const { all, unsure } = await found(log)
    expect(all.every(({ to }) => to !== true)).toBe(true)
    expect(unsure).toEqual({ first: at(log, 200), last: at(log, 205) })
    const other = await street([lamp(100, 206), lamp(200, 400)], [[by(0, 10)]])
    const turned = await found(other)
    expect(turned.all.filter(({ to }) => to === true)).toEqual([{ seq: at(other, 200), from: false, to: true, isSure: false }])
  })

  it('of one host is as sure as in its own log', async () => {
    const log = await street([lamp(100, 206), lamp(200, 400)], [[by(null)]])
    const { all, unsure } = await found(log, parseExpression('device("a:lamp").lit == true and device("a:lamp").switched > 0'))
    expect(unsure).toBeNull()
    expect(all.every(({ isSure }) => isSure)).toBe(true)
  })
})

describe('the numbers that events of a host got', () => {
  it('are all known, near and far', () => {
    const map = new SeqMap()
    const wanted: number[] = []
    let merged = 0
    for (let i = 0; i < 5000; i++) {
      merged += i % 977 === 0 ? 1_000_000 : i % 13 === 0 ? 254 + (i % 3) : 1
      wanted.push(merged)
      map.push(merged)
    }
    expect(wanted.map((_, i) => map.get(i + 1))).toEqual(wanted)
    expect([map.get(0), map.get(5001)]).toEqual([null, null])
  })
})
