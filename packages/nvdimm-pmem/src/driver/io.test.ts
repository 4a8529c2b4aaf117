/** Reading and writing through the disk, through bytes, and directly; bad blocks where the era has them. */
import { describe, expect, test } from 'vitest'
import { BadBlocks } from '../bus/bad-blocks.ts'
import { eras, GIB, Lab, MIB, pmemOf } from '../../test/machine.ts'

const filled = (byte: number, length = 4096): Uint8Array => new Uint8Array(length).fill(byte)

describe.each(eras)('%s', (rules) => {
  test('what is written is read, and lies behind the data offset', () => {
    const lab = new Lab({ rules })
    const pfn = lab.pfn('pmem')
    lab.machine.bind(pfn)
    const pmem = pmemOf(pfn)
    expect(pmem.disk!.submit('write', 8, filled(7))).toBe(0)
    const read = filled(0)
    expect(pmem.disk!.submit('read', 8, read)).toBe(0)
    expect(read).toEqual(filled(7))
    const raw = filled(0, 512)
    lab.region.medium.load(pmem.dataOffset + 8 * 512, raw)
    expect(raw).toEqual(filled(7, 512))
    expect(pmem.queue!.inside).toBe(0)
  })

  test('the last sector is there, the one behind it is -EIO', () => {
    const lab = new Lab({ rules })
    const { disk } = pmemOf(lab.region.namespaces[0]!)
    expect([disk!.submit('read', disk!.capacity - 1, filled(0, 512)), disk!.submit('read', disk!.capacity, filled(0, 512))]).toEqual([
      0, -5,
    ])
    expect(() => disk!.submit('read', 0, new Uint8Array(100))).toThrow(RangeError)
    expect(() => disk!.submit('write', 1.5, filled(0, 512))).toThrow('a bio begins at a whole sector, not at 1.5')
  })

  test('a bio waits for a frozen queue, and fails with -EIO once the disk is dead', () => {
    const lab = new Lab({ rules })
    const ns = lab.region.namespaces[0]!
    const disk = pmemOf(ns).disk!
    disk.queue.freeze()
    lab.machine.background.spawn({ pid: 7, comm: 'dd' }, disk.submitSteps({ op: 'write', sector: 0, segments: [filled(1)] }))
    lab.machine.background.run()
    expect(lab.said().at(-1)).toBe('queue-enter-wait-started')
    disk.queue.unfreeze()
    lab.machine.background.run()
    expect(lab.events.at(-1)).toMatchObject({ type: 'percpu-ref/put', actor: { pid: 7 } })
    lab.machine.unbind(ns)
    expect(disk.submit('read', 0, filled(0))).toBe(-5)
  })

  test('sector mode: a disk of atomic sectors, with the BTT in its place', () => {
    const lab = new Lab({ rules, region: { size: 32 * MIB } })
    const btt = lab.btt(4096)
    expect(lab.machine.bind(btt)).toBe(0)
    const disk = btt.disk!
    expect([disk.name, disk.capacity]).toEqual(['pmem0s', 7920 * 8])
    expect([disk.submit('write', 8, filled(3)), disk.submit('read', 4, filled(0))]).toEqual([0, -5])
    lab.machine.unbind(btt)
    expect(lab.machine.bind(btt)).toBe(0)
    const read = filled(0)
    expect(btt.disk!.submit('read', 8, read)).toBe(0)
    expect(read).toEqual(filled(3))
    expect(btt.show('size')).toBe(`${7920 * 4096}`)
  })

  test('attach_btt: a BTT that cannot be used is -ENOMEM, whatever is wrong with it', () => {
    const lab = new Lab({ rules, region: { size: 32 * MIB } })
    const btt = lab.btt(4096)
    lab.machine.bind(btt)
    lab.machine.unbind(btt)
    // The two log entries in use of lane 0 have the same sequence number.
    const log = 32 * MIB - 4096 - 0x4000
    lab.region.medium.store32(log + 12, 2)
    lab.region.medium.store32(log + (rules === 'seed' ? 44 : 28), 2)
    expect(lab.machine.bind(btt)).toBe(-12)
    expect(lab.violations.filter((v) => v.rule === 'nvdimm-pmem/queue-leaked')).toEqual([])
    btt.lbasize = 0
    expect(lab.machine.bind(btt)).toBe(-19)
  })
})

function withBad(clearUnit?: number): { lab: Lab; disk: NonNullable<ReturnType<typeof pmemOf>['disk']> } {
  const lab = new Lab({ region: clearUnit === undefined ? {} : { clearUnit } })
  const ns = lab.namespace
  ns.badBlocks.add(8, 1)
  lab.machine.bind(ns)
  return { lab, disk: pmemOf(ns).disk! }
}

describe('bad blocks', () => {
  test('a read of one is -EIO and copies nothing', () => {
    const { disk } = withBad()
    const into = filled(9)
    expect(disk.submit('read', 1, into)).toBe(-5)
    expect(into).toEqual(filled(9))
    expect(disk.submit('read', 9, into)).toBe(0)
  })

  test('a write mends it where nobody has to be asked, or the command is there', () => {
    for (const unit of [undefined, 256]) {
      const { lab, disk } = withBad(unit)
      expect([disk.submit('write', 8, filled(1, 512)), disk.submit('read', 8, filled(0, 512))]).toEqual([0, 0])
      expect(lab.namespace.badBlocks.runs).toEqual([])
    }
  })

  test('without the command a write is -EIO, and nothing is written', () => {
    const { lab, disk } = withBad(0)
    expect(disk.submit('write', 8, filled(1, 512))).toBe(-5)
    const raw = filled(9, 512)
    lab.region.medium.load(8 * 512, raw)
    expect(raw).toEqual(filled(0, 512))
    expect(lab.said()).toContain('poison-cleared')
  })

  test('a bio ends with the first bad segment', () => {
    const { lab, disk } = withBad()
    const from = lab.events.length
    lab.machine.background.spawn(
      { pid: 1, comm: 'dd' },
      disk.submitSteps({ op: 'read', sector: 7, segments: [filled(0, 512), filled(0, 512), filled(0, 512)] }),
    )
    lab.machine.background.run()
    expect(lab.said(from)).toEqual(['bio-queued', 'bvec-done', 'bvec-done', 'bio-completed'])
  })

  test('bytes: a write that is no whole sectors is -EIO, and is written all the same', () => {
    const lab = new Lab()
    const ns = lab.namespace
    ns.badBlocks.addBytes(4096, 1)
    expect(ns.badBlocks.runs).toEqual([{ first: 8, count: 1 }])
    lab.machine.bind(lab.btt())
    ns.badBlocks.add(8, 1)
    expect(ns.rwBytes!(4100, filled(5, 8), 'write')).toBe(-5)
    const raw = filled(0, 8)
    lab.region.medium.load(4100, raw)
    expect(raw).toEqual(filled(5, 8))
    expect([ns.rwBytes!(4096, filled(0, 512), 'read'), ns.rwBytes!(4096, filled(1, 512), 'write')]).toEqual([-5, 0])
    expect(ns.rwBytes!(4096, filled(0, 512), 'read')).toBe(0)
  })

  test('a superblock that cannot be read is -ENXIO to autodetection, and the namespace is bound as raw', () => {
    const lab = new Lab()
    const ns = lab.namespace
    ns.badBlocks.addBytes(4096, 4096)
    expect(lab.machine.bind(ns)).toBe(0)
    expect(
      lab.events
        .filter((e) => e.type === 'nvdimm-pmem/autodetect-ended')
        .slice(-3)
        .map((e) => e.data['errno']),
    ).toEqual([-6, -6, -6])
  })

  test('the seed knows none', () => {
    const lab = new Lab({ rules: 'seed', region: { size: GIB } })
    const ns = lab.namespace
    lab.machine.bind(ns)
    expect(pmemOf(ns).disk!.submit('read', 8, filled(0))).toBe(0)
  })
})

test('a run of bad blocks grows, is split and trimmed', () => {
  const bad = new BadBlocks()
  bad.add(10, 10)
  bad.add(20, 5)
  bad.add(40, 1)
  expect(bad.runs).toEqual([
    { first: 10, count: 15 },
    { first: 40, count: 1 },
  ])
  bad.clear(12, 3)
  expect(bad.runs).toEqual([
    { first: 10, count: 2 },
    { first: 15, count: 10 },
    { first: 40, count: 1 },
  ])
  expect([bad.has(12, 3), bad.has(11, 2), bad.hasBytes(25 * 512 - 1, 1), bad.hasBytes(25 * 512, 1)]).toEqual([false, true, true, false])
})
