/** A whole life in one log: made, mapped with an altmap, read and written, its pages taken, unbound under load, and bound again. */
import { foll, type Steps } from '@devtrail/memremap'
import { describe, expect, test } from 'vitest'
import { eras, GIB, Lab, pmemOf } from '../test/machine.ts'
import type { Gendisk } from './disk/gendisk.ts'
import { nvdimmPmemModel } from './model.ts'

const filled = (byte: number, length = 4096): Uint8Array => new Uint8Array(length).fill(byte)

/** A task that writes until its disk is gone. */
function* writer(disk: Gendisk, results: number[]): Steps<void> {
  for (let n = 0; ; n++) {
    const error = yield* disk.submitSteps({ op: 'write', sector: n * 8, segments: [filled(n), filled(n + 1)] })
    results.push(error)
    if (error !== 0) return
    yield { what: 'the next write' }
  }
}

/** A task that has a page, and puts it once others have done something. */
function* holder(lab: Lab, pfn: number): Steps<void> {
  expect(lab.machine.registry.getUserPages(pfn, 4, foll.GET)).toBe(4)
  for (let turn = 0; turn < 6; turn++) yield { what: 'its work' }
  for (let page = pfn; page < pfn + 4; page++) lab.machine.registry.putPage(page)
}

describe.each(eras)('%s', (rules) => {
  test('unbind under load waits for what is in flight, and the device comes back', () => {
    const lab = new Lab({ rules })
    const { machine, region } = lab
    const pfn = lab.pfn('pmem')
    expect(machine.bind(pfn)).toBe(0)
    const { disk, pagemap } = pmemOf(pfn)
    expect(pagemap!.altmap).toMatchObject({ reserve: 2, free: 4606 })
    const data = pmemOf(pfn).directAccess(0)
    const first = Number(data.pfn & 0xf_ffff_ffff_ffffn)
    const results: number[] = []
    machine.background.spawn({ pid: 7, comm: 'dd' }, writer(disk!, results))
    machine.background.spawn({ pid: 8, comm: 'pin' }, holder(lab, first))
    for (let turn = 0; turn < 9; turn++) machine.background.step()
    // Under 6.1 nothing waits for a page; here its holder is done by then.
    if (rules === 'linux-6.1') while (machine.registry.countOf(first) > 1) machine.background.step()
    lab.emitter.actor = { pid: 1, comm: 'sh' }
    expect(machine.unbind(pfn)).toBe(0)
    machine.background.run()
    expect(results.length).toBeGreaterThan(1)
    expect(results.at(-1)).toBe(-5)
    expect(new Set(results.slice(0, -1))).toEqual(new Set([0]))
    expect(machine.background.pending).toBe(0)

    const said = lab.said()
    expect(said.lastIndexOf('bvec-done')).toBeLessThan(said.lastIndexOf('queue-ref-released'))
    expect(machine.bind(pfn)).toBe(0)
    const read = filled(0)
    expect(pmemOf(pfn).disk!.submit('read', 8, read)).toBe(0)
    expect(read).toEqual(filled(1))
    expect(lab.states.pmem.holders.get(region.namespaces[0]!.id)).toBe('pfn0.0')
    const known = rules === 'seed' ? ['memremap/mapping-left', 'nvdimm-pmem/counter-dangles'] : []
    expect(lab.broken().toSorted()).toEqual(known)
  })

  test('what the model tells of the device at each moment', () => {
    const lab = new Lab({ rules })
    const pfn = lab.pfn('ram')
    const shown = (): unknown => nvdimmPmemModel.describe!(lab.states.pmem, pfn.id, undefined as never)
    expect(shown()).toMatchObject({ disk: null, queue: null })
    lab.machine.bind(pfn)
    const { queue, disk } = pmemOf(pfn)
    expect(shown()).toMatchObject({
      disk: { name: 'pmem0', state: 'added' },
      queue: { id: queue!.pointer, frozen: 0, dying: false, ref: { id: queue!.usage.id } },
    })
    expect(pmemOf(pfn).pagemap!.ref.id === queue!.usage.id).toBe(rules === 'seed')
    lab.machine.unbind(pfn)
    lab.machine.rcu.drain()
    expect(shown()).toMatchObject({ disk: { name: disk!.name, state: 'removed' }, queue: null })
  })
})

test('a raw namespace, labels, and a second region stand side by side', () => {
  const lab = new Lab({ region: { labels: true } })
  const ns = lab.region.createNamespace({ size: GIB / 2 })
  const other = lab.machine.addRegion({ start: 0x200000000n, size: GIB })
  expect(lab.machine.bind(ns)).toBe(0)
  expect([...lab.states.pmem.disks.keys()].toSorted()).toEqual(['pmem0', 'pmem1'])
  expect(lab.machine.unbind(other.namespaces[0]!)).toBe(0)
  expect(lab.machine.unbind(other.namespaces[0]!)).toBe(-19)
  expect(lab.violations).toEqual([])
})

test.each([
  [-1n, GIB, 'region1: start: expected a multiple of 4096 from 0 on, found -1'],
  [-0x200000n, GIB, 'region1: start: expected a multiple of 4096'],
  [0x200000200n, GIB, 'region1: start: expected a multiple of 4096'],
  [0x200000000n, 0, 'region1: size: expected bytes of whole pages of 4096, found 0'],
  [0x200000000n, -GIB, 'region1: size: expected'],
  [0x200000000n, 4096.5, 'region1: size: expected'],
  [0x200000000n, 1000, 'region1: size: expected'],
  [0x200000000n, NaN, 'region1: size: expected'],
  [(1n << 46n) - 0x200000n, GIB, 'region1: expected a range below 64 TiB'],
])('a region from %d on of %d bytes is refused, and nothing is added', (start, size, says) => {
  const lab = new Lab()
  const before = lab.events.length
  const add = (): unknown => lab.machine.addRegion({ start, size })
  expect(add).toThrow(RangeError)
  expect(add).toThrow(says)
  expect([lab.machine.regions.length, lab.events.length]).toEqual([1, before])
})
