import { describe, expect, it } from 'vitest'
import { coreOf } from './core.test-support.ts'
import { DeviceResources } from './devres.ts'

function lists() {
  const { core } = coreOf('linux-6.1')
  return { a: new DeviceResources(core, 1), b: new DeviceResources(core, 2), c: new DeviceResources(coreOf('linux-6.1').core, 1) }
}

const ran: string[] = []
const release = (name: string): void => void ran.push(name)

describe('an entry', () => {
  it('is on one list at a time', () => {
    const { a, b, c } = lists()
    const entry = a.alloc(release, 'x')!
    a.addEntry(entry)
    for (const other of [b, c]) {
      expect(() => other.addEntry(entry)).toThrow(/is added while it is on a list/)
      expect(() => other.free(entry)).toThrow(/is freed while it is on a list/)
    }
    expect(a.remove(release)).toBe(entry)
    b.addEntry(entry)
    expect([a.isEmpty, b.list().length]).toEqual([true, 1])
  })

  it.each<[string, (list: DeviceResources) => unknown]>([
    ['released with all', (list) => list.releaseAll('explicit')],
    ['released with its group', (list) => list.releaseGroup('g')],
    ['released', (list) => list.release(release)],
    ['destroyed', (list) => list.destroy(release)],
    ['freed', (list) => list.free(list.remove(release)!)],
  ])('that was %s cannot be used again', (_, end) => {
    const { a, b } = lists()
    a.openGroup('g')
    const entry = a.alloc(release, 'x')!
    a.addEntry(entry)
    end(a)
    for (const list of [a, b]) {
      expect(() => list.addEntry(entry)).toThrow(/is added after it was freed or released/)
      expect(() => list.free(entry)).toThrow(/is freed after it was freed or released/)
    }
  })

  it('that devres_get did not need is freed', () => {
    const { a } = lists()
    a.add(release, 'x')
    const spare = a.alloc(release, 'y')!
    expect(a.get(spare)).toBe('x')
    expect(() => a.addEntry(spare)).toThrow(/after it was freed/)
  })
})

describe('what is no function or cannot be disposed of', () => {
  it('is refused when it is handed over', () => {
    const { a } = lists()
    for (const wrong of [null, undefined, {}, 5, { [Symbol.dispose]: 1, [Symbol.asyncDispose]: 1 }]) {
      expect(() => a.manage(wrong as never)).toThrow(/needs a method \[Symbol.dispose\], found/)
      expect(() => a.manageAsync(wrong as never)).toThrow(/needs a method \[Symbol.asyncDispose\], found/)
      expect(() => a.addAction(wrong as never, 1)).toThrow(TypeError)
      expect(() => a.add(wrong as never, 1)).toThrow(TypeError)
    }
    expect(a.isEmpty).toBe(true)
  })
})

describe('the id of a group', () => {
  it.each([null, undefined])('%s is none: the newest group that is open is meant', (none) => {
    const { a } = lists()
    const id = a.openGroup(none)
    expect(id).toBe(a.list()[0]!.node)
    a.addAction(release, 'in it')
    a.closeGroup(none)
    expect(a.list().map((node) => node.release)).toEqual(['grp<', 'devm_action_release', 'grp>'])
    a.openGroup(none)
    a.removeGroup(none)
    expect(a.releaseGroup(none)).toBe(0)
    expect(a.releaseGroup(id)).toBe(1)
    expect(a.isEmpty).toBe(true)
  })

  it.each([Number.NaN, 0, '', false])('%s is one', (id) => {
    const { a } = lists()
    expect(a.openGroup(id)).toBe(id)
    a.openGroup('other')
    a.addAction(release, 'x')
    expect(a.releaseGroup(id)).toBe(1)
  })
})

describe('many resources of a list', () => {
  const COUNT = 3000
  const numbers = Array.from({ length: COUNT }, (_, n) => n)

  it('are found by action and data, the newest first, in whatever order they are taken off', () => {
    const { a } = lists()
    const taken: number[] = []
    const take = (n: number): void => void taken.push(n)
    for (const n of numbers) {
      if (n % 2 === 0) a.addAction(take, n)
      else a.addAction(release, 'same')
    }
    for (const n of numbers.filter((each) => each % 4 === 0)) a.removeAction(take, n)
    for (const n of numbers.filter((each) => each % 4 === 2).toReversed()) a.releaseAction(take, n)
    expect(taken).toEqual(numbers.filter((each) => each % 4 === 2).toReversed())
    expect(a.list().map(({ node }) => node)).toEqual(
      a
        .list()
        .map(({ node }) => node)
        .toSorted((x, y) => Number(x) - Number(y)),
    )
    for (const _ of a.list()) a.removeAction(release, 'same')
    expect(a.isEmpty).toBe(true)
  })

  it('are there still for a group that is released after others were taken off', () => {
    const { a } = lists()
    const kept = a.add(release, 'kept')
    for (const n of numbers) a.addAction(release, `before ${n}`)
    a.openGroup('g')
    a.addAction(release, 'in it')
    a.closeGroup('g')
    const after = a.add(release, 'after')
    for (const n of numbers) a.removeAction(release, `before ${n}`)
    expect(a.releaseGroup('g')).toBe(1)
    expect(a.list().map(({ node }) => node)).toEqual([kept, after])
  })

  it('the newest of equal ones is the one that is taken', () => {
    const { a } = lists()
    a.addAction(release, 'x')
    a.openGroup('g')
    a.addAction(release, 'x')
    a.removeAction(release, 'x')
    expect([a.releaseGroup('g'), a.list().length]).toEqual([0, 1])
    const [first] = a.list()
    for (let n = 0; n < 3; n++) a.addAction(release, 'x')
    for (let n = 3; n > 0; n--) a.removeAction(release, 'x')
    expect(a.list()).toEqual([first])
  })
})
