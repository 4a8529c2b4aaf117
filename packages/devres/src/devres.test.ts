/** The numbered vectors of spec/core.md 3.10 about one device's list. */
import { describe, expect, it } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { coreOf } from './core.test-support.ts'
import { DeviceResources } from './devres.ts'
import type { Rules } from './rules.ts'

interface Bench {
  resources: DeviceResources
  /** The action that `build` adds, one per word. */
  act: (name: string) => void
  /** What ran, newest last. */
  ran: string[]
  events: AnyEvent[]
  /** Adds what a line says: `a <1 b 1>` (actions, and groups opened and closed by id). */
  build: (line: string) => void
  /** The list as such a line. */
  list: () => string
  /** The release functions detached since the last look. */
  released: () => string[]
  warnings: () => string[]
}

function benchOf(rules: Rules): Bench {
  const { core, events } = coreOf(rules)
  const resources = new DeviceResources(core, 1)
  const ran: string[] = []
  const names = new Map<string, string>()
  const run = (name: string): void => void ran.push(name)
  const build = (line: string): void => {
    for (const word of line.split(' ')) {
      if (word.startsWith('<')) resources.openGroup(word.slice(1))
      else if (word.endsWith('>')) resources.closeGroup(word.slice(0, -1))
      else resources.addAction(run, word)
      names.set(resources.list().at(-1)!.node, word)
    }
  }
  let seen = 0
  const released = (): string[] => {
    const found = events.slice(seen).filter((e) => e.type === 'devres/released')
    seen = events.length
    return found.map((e) => String(e.data['release']))
  }
  const list = (): string =>
    resources
      .list()
      .map(({ node }) => names.get(node))
      .join(' ')
  const warnings = (): string[] => events.filter((e) => e.type === 'devres/warned').map((e) => String(e.data['warning']))
  return { resources, act: run, ran, events, build, list, released, warnings }
}

const is =
  (wanted: string) =>
  (name: string): boolean =>
    name === wanted

describe.each<Rules>(['linux-6.1', 'seed'])('vectors of spec 3.10 by the rules of %s', (rules) => {
  const bench = (): Bench => benchOf(rules)

  it('#1 releases newest first and counts', () => {
    const b = bench()
    b.build('a b c')
    expect(b.resources.releaseAll('explicit')).toBe(3)
    expect(b.ran).toEqual(['c', 'b', 'a'])
  })

  it('#2 #4 removes the newest action, and warns of none', () => {
    const b = bench()
    b.build('a b a')
    b.resources.removeAction(b.act, 'a')
    expect([b.list(), b.ran]).toEqual(['a b', []])
    b.resources.removeAction(b.act, 'x')
    expect(b.warnings()).toEqual(['action-absent'])
  })

  it('#5 releases a closed group with the group inside it', () => {
    const b = bench()
    b.build('a <1 b <2 c 2> d 1> e')
    expect(b.resources.releaseGroup('1')).toBe(3)
    expect([b.ran, b.list()]).toEqual([['d', 'c', 'b'], 'a e'])
    expect(b.released()).toEqual(['grp<', 'grp<', 'devm_action_release', 'devm_action_release', 'devm_action_release'])
  })

  it('#6 #7 keeps a group that overlaps the released one', () => {
    const b = bench()
    b.build('<1 a <2 b 1> c 2>')
    expect(b.resources.releaseGroup('1')).toBe(2)
    expect([b.ran, b.list()]).toEqual([['b', 'a'], '<2 c 2>'])
    expect(b.resources.releaseGroup('2')).toBe(1)
    expect([b.ran, b.list()]).toEqual([['b', 'a', 'c'], ''])
  })

  it('#8 does so from the other side', () => {
    const b = bench()
    b.build('<1 a <2 b 1> c 2>')
    expect(b.resources.releaseGroup('2')).toBe(2)
    expect([b.ran, b.list()]).toEqual([['c', 'b'], '<1 a 1>'])
    expect(b.resources.releaseGroup('1')).toBe(1)
    expect(b.ran).toEqual(['c', 'b', 'a'])
  })

  it('#9 releases an open outer group with everything after it', () => {
    const b = bench()
    b.build('a <1 b <2 c')
    expect(b.resources.releaseGroup('1')).toBe(2)
    expect([b.ran, b.list()]).toEqual([['c', 'b'], 'a'])
  })

  it('#10 without an id releases the newest open group, and warns when none is left', () => {
    const b = bench()
    b.build('a <1 b <2 c')
    expect([b.resources.releaseGroup(), b.list()]).toEqual([1, 'a <1 b'])
    expect([b.resources.releaseGroup(), b.list()]).toEqual([1, 'a'])
    expect([b.resources.releaseGroup(), b.warnings()]).toEqual([0, ['group-absent']])
  })

  it('#11 is silent about an empty list, where the old kernel warns', () => {
    const b = bench()
    expect([b.resources.releaseGroup(), b.warnings()]).toEqual([0, rules === 'seed' ? ['group-absent'] : []])
  })

  it('#12 closes the inner group first', () => {
    const b = bench()
    b.build('<1 <2 x')
    b.resources.closeGroup()
    b.build('y')
    expect(b.resources.releaseGroup()).toBe(2)
    expect([b.ran, b.list()]).toEqual([['y', 'x'], ''])
  })

  it('#13 removes a group and keeps its resources', () => {
    const b = bench()
    b.build('<1 x 1> y')
    b.resources.removeGroup('1')
    expect([b.list(), b.ran]).toEqual(['x y', []])
  })

  it('#14 warns when nothing is open, and stops at a second close', () => {
    const b = bench()
    b.build('<1 x 1>')
    b.resources.closeGroup()
    expect(b.warnings()).toEqual(['group-absent'])
    expect(() => b.resources.closeGroup('1')).toThrow(/closed twice/)
  })

  it('#15 takes the newest group of an id used twice', () => {
    const b = bench()
    b.build('a <G a <G b G>')
    expect([b.resources.releaseGroup('G'), b.list()]).toEqual([1, 'a <G a'])
    expect([b.resources.releaseGroup('G'), b.list()]).toEqual([1, 'a'])
    expect(b.ran).toEqual(['b', 'a'])
  })

  it('#16 releases the markers first and does not count them', () => {
    const b = bench()
    b.build('a <1 b <2 c 2> 1> d <3')
    expect(b.resources.releaseAll('explicit')).toBe(4)
    expect(b.released().map((r) => r.slice(0, 4))).toEqual(['grp<', 'grp<', 'grp<', 'devm', 'devm', 'devm', 'devm'])
    expect([b.ran, b.list()]).toEqual([['d', 'c', 'b', 'a'], ''])
  })

  it('#17 dissolves a group that was never closed', () => {
    const b = bench()
    b.build('<1 a <2 b 1> c')
    expect([b.resources.releaseGroup('1'), b.ran, b.list()]).toEqual([2, ['b', 'a'], 'c'])
    expect([b.resources.releaseGroup(), b.warnings()]).toEqual([0, ['group-absent']])
  })

  it('#18 #19 finds, gets, removes, destroys and releases the newest that fits', () => {
    const { resources } = bench()
    const ran: string[] = []
    const release = (name: string): void => void ran.push(name)
    resources.add(release, 'n1')
    resources.add(release, 'n2')
    expect(resources.find(release)).toBe('n2')
    expect(resources.find(release, is('n1'))).toBe('n1')
    expect(resources.get(resources.alloc(release, 'other')!, is('n1'))).toBe('n1')
    expect(resources.get(resources.alloc(release, 'n9')!, is('n9'))).toBe('n9')
    expect(resources.list()).toHaveLength(3)
    expect(resources.remove(release, is('n1'))?.data).toBe('n1')
    expect(resources.destroy(release, is('n1'))).toBe(-2)
    expect([resources.release(release), [...ran]]).toEqual([0, ['n9']])
    expect([resources.destroy(release), [...ran]]).toEqual([0, ['n9']])
    expect(resources.release(release)).toBe(-2)
    expect(resources.find((name: string) => void name)).toBeUndefined()
  })

  it('#20 leaves what a release function adds for a later pass', () => {
    const b = bench()
    b.build('a')
    b.resources.addAction(() => b.build('z'), null)
    expect([b.resources.releaseAll('explicit'), b.list(), b.ran]).toEqual([2, 'z', ['a']])
  })
})

describe('devm_release_action', () => {
  it('#3 #4 runs the newest action now, and warns of none', () => {
    const b = benchOf('linux-6.1')
    b.build('a b')
    b.resources.releaseAction(b.act, 'a')
    expect([b.list(), b.ran]).toEqual(['b', ['a']])
    b.resources.releaseAction(b.act, 'x')
    expect(b.warnings()).toEqual(['action-absent'])
  })

  it('#3 is not in the kernel of the seed', () => {
    const b = benchOf('seed')
    b.build('a b')
    expect(() => b.resources.releaseAction(b.act, 'a')).toThrow(/not in the kernel of the seed/)
  })
})

describe('beyond the vectors', () => {
  it('names what led to a release function', () => {
    const { core, events } = coreOf('linux-6.1')
    const resources = new DeviceResources(core, 1)
    resources.addAction(() => resources.addAction(() => undefined, 'late'), null)
    resources.releaseAll('explicit')
    const [, started, released, late] = events
    expect([released!.cause, late!.cause, late!.type]).toEqual([[started!.seq], [released!.seq], 'devres/added'])
  })
})
