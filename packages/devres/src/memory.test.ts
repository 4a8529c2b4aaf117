import { describe, expect, it } from 'vitest'
import { errno } from '@devtrail/events'
import { coreOf } from './core.test-support.ts'
import { DeviceResources } from './devres.ts'
import { ksize, ManagedMemory, ZERO_SIZE_PTR } from './managed-memory.ts'
import type { Rules } from './rules.ts'

function bench(rules: Rules = 'linux-6.1', fails = 0) {
  const { core, events } = coreOf(rules, fails)
  const resources = new DeviceResources(core, 1)
  const said = (): string[] => events.map(({ type, data }) => `${type.slice(7)} ${String(data['by'] ?? data['size'])}`)
  return { resources, said, events }
}

const noop = (): void => undefined
const number = (n: number): void => void n

const memory = (pointer: unknown): ManagedMemory => {
  expect(pointer).toBeInstanceOf(ManagedMemory)
  return pointer as ManagedMemory
}

describe('managed memory', () => {
  it('#25 kmalloc 100; kmalloc 0; kfree(ZERO); krealloc 10000; kfree', () => {
    const { resources, said } = bench()
    const hundred = resources.kmalloc(100)
    expect(resources.kmalloc(0)).toBe(ZERO_SIZE_PTR)
    resources.kfree(ZERO_SIZE_PTR)
    const moved = resources.krealloc(hundred, 10_000)
    expect(moved).not.toBe(hundred)
    resources.kfree(moved)
    expect(said()).toEqual(['added 100', 'replaced 100', 'removed 10000'])
  })

  it.each<Rules>(['linux-6.1', 'seed'])("#26 kfree of what is not the device's warns, by the rules of %s", (rules) => {
    const { resources, said } = bench(rules)
    resources.kfree(memory(bench().resources.kmalloc(1)))
    expect(said()).toEqual(['warned devm_kfree'])
  })

  it('#27 krealloc keeps the place in the list, and the content', () => {
    const { resources } = bench()
    resources.addAction(noop, 1)
    const k = memory(resources.kmemdup(Uint8Array.of(1, 2, 3)))
    resources.addAction(noop, 2)
    const grown = memory(resources.krealloc(k, 5000))
    expect(resources.list().map(({ node }) => node === grown.node)).toEqual([false, true, false])
    expect([grown.bytes.length, ...grown.bytes.subarray(0, 4)]).toEqual([5000, 1, 2, 3, 0])
  })

  it('krealloc in place makes it longer or shorter, and keeps what the object holds', () => {
    const { resources, said } = bench()
    const k = memory(resources.kmemdup(Uint8Array.of(1, 2, 3)))
    expect(resources.krealloc(k, 2)).toBe(k)
    expect([...k.bytes]).toEqual([1, 2])
    expect(resources.krealloc(k, k.capacity)).toBe(k)
    expect([k.bytes.length, ...k.bytes.subarray(0, 4)]).toEqual([k.capacity, 1, 2, 3, 0])
    expect(said()).toEqual(['added 3'])
    expect(() => resources.krealloc(k, Number.NaN)).toThrow(RangeError)
  })

  it('#28 krealloc(NULL, 5); krealloc(p, 0)', () => {
    const { resources, said } = bench()
    const five = resources.krealloc(null, 5)
    expect(resources.krealloc(five, 0)).toBe(ZERO_SIZE_PTR)
    expect(said()).toEqual(['added 5', 'removed 5'])
  })

  it('#25 #27 #28 under the seed: a node for no bytes, a warning for NULL, and no devm_krealloc', () => {
    const { resources, said } = bench('seed')
    const none = memory(resources.kmalloc(0))
    resources.kfree(null)
    resources.kfree(none)
    expect(said()).toEqual(['added 0', 'warned devm_kfree', 'removed 0'])
    expect(() => resources.krealloc(null, 1)).toThrow(TypeError)
  })

  it('memory of another device is the same while it fits, and refused when it would have to move', () => {
    const { resources, said } = bench()
    const foreign = memory(bench().resources.kmalloc(1))
    expect(resources.krealloc(foreign, foreign.capacity)).toBe(foreign)
    expect(resources.krealloc(foreign, foreign.capacity + 1)).toBeNull()
    expect(said()).toEqual(['warned devm_krealloc'])
  })

  it('a reallocation that fails leaves the old memory as it was', () => {
    const { resources } = bench('linux-6.1', 2)
    const k = memory(resources.kmalloc(8))
    expect(resources.krealloc(k, 9000)).toBeNull()
    expect(resources.list()).toHaveLength(1)
    resources.kfree(k)
    expect(resources.list()).toEqual([])
  })

  it.each<Rules>(['linux-6.1', 'seed'])(
    'pages are freed by their address, in any order, and warned of when they are not there (%s)',
    (rules) => {
      const { resources, said } = bench(rules)
      const [a, b] = [resources.getFreePages(0)!, resources.getFreePages(3)!]
      expect(a).not.toBe(b)
      resources.freePages(a)
      resources.freePages(a)
      expect(resources.releaseAll('explicit')).toBe(1)
      expect(said().slice(0, 4)).toEqual(['added 16', 'added 16', 'removed 16', 'warned devm_free_pages'])
      for (const order of [-1, 11, 0.5]) expect(() => resources.getFreePages(order)).toThrow(RangeError)
    },
  )

  it.each([1, 2])('pages whose allocation %i fails are null, and nothing is left', (n) => {
    const { resources, events } = bench('linux-6.1', n)
    expect([resources.getFreePages(0), events]).toEqual([null, []])
  })

  it("slab objects have the sizes of the kernel's caches", () => {
    expect([1, 8, 9, 65, 97, 129, 193, 257, 8192, 8193, 20_000].map(ksize)).toEqual([
      8, 8, 16, 96, 128, 192, 256, 512, 8192, 16_384, 32_768,
    ])
    expect(() => bench().resources.kmalloc(-1)).toThrow(RangeError)
  })
})

describe('entries', () => {
  it('one that was taken out is added again at the end', () => {
    const { resources } = bench()
    const first = resources.add(noop, 'a')
    resources.add(noop, 'b')
    const taken = resources.remove<string>(noop, (data) => data === 'a')!
    resources.addEntry(taken)
    expect(resources.list().at(-1)!.node).toBe(first)
  })

  it('is not added twice and not freed while it is on the list (BUG)', () => {
    const { resources } = bench()
    const entry = resources.alloc(noop, 1)!
    resources.addEntry(entry)
    expect(() => resources.addEntry(entry)).toThrow(/is added while it is on a list .*after event 1/)
    expect(() => resources.free(entry)).toThrow(/is freed while it is on a list/)
  })

  it('for each shows those that fit, newest first', () => {
    const { resources } = bench()
    const seen: number[] = []
    for (const n of [1, 2, 3]) resources.add(noop, n)
    for (const n of [4, 5, 6]) resources.add(number, n)
    resources.forEachRes<number>(
      number,
      (n) => n !== 5,
      (n) => seen.push(n),
    )
    expect(seen).toEqual([6, 4])
  })

  it('a device that was never initialised has none: -ENODEV, and a warning', () => {
    const { core, events } = coreOf('linux-6.1')
    expect(new DeviceResources(core, 1, { initialised: false }).releaseAll('explicit')).toBe(errno.ENODEV)
    expect(events).toMatchObject([{ type: 'devres/warned', data: { warning: 'not-initialised', by: 'devres_release_all' } }])
  })
})
