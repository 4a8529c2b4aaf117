/** The numbered vectors of `spec/pmem.md` §1 (c) that are the driver's; those about layouts alone are tests of `media`. */
import { describe, expect, test } from 'vitest'
import { Oops } from './oops.ts'
import { GIB, Lab, MIB, pmemOf, START } from '../../test/machine.ts'

const seed = (init: ConstructorParameters<typeof Lab>[0] = {}): Lab => new Lab({ rules: 'seed', ...init })

describe('§1 (c) 1: a region that is claimed', () => {
  test('is -EBUSY before there is a queue, with a warning; nothing is left', () => {
    const lab = seed()
    const ns = lab.namespace
    lab.machine.iomem.requestRegion(START + 0x1000n, 0x1000n, 'somebody')
    const from = lab.events.length
    expect(lab.machine.bind(ns)).toBe(-16)
    expect(lab.said(from)).toEqual(['probe-started', 'warned', 'probe-ended'])
    expect(lab.warnings().at(-1)).toBe('could not reserve region [mem 0x100000000-0x13fffffff]')
    expect(ns.live.resources.isEmpty).toBe(true)
  })
})

test('§1 (c) 2: no memory for a queue is -ENOMEM after the region, which devres gives back', () => {
  let memory = true
  const lab = seed({ faults: { queue: () => memory } })
  const ns = lab.namespace
  memory = false
  const from = lab.events.length
  expect(lab.machine.bind(ns)).toBe(-12)
  const types = lab.types(from)
  expect(types.indexOf('resource-tree/requested')).toBeLessThan(types.indexOf('nvdimm-pmem/probe-ended'))
  expect(types.indexOf('resource-tree/released')).toBeGreaterThan(types.indexOf('nvdimm-pmem/probe-ended'))
  expect(lab.said(from)).toEqual(['probe-started', 'probe-ended'])
})

test('§1 (c) 3: when memremap_pages fails the queue is cleaned up once, and the error is returned; the flag was set before', () => {
  let fails = false
  const lab = seed({ faults: { addMemory: (pfn) => (fails ? { pfn, errno: -16 } : null) } })
  const ns = lab.namespace
  fails = true
  const from = lab.events.length
  expect(lab.machine.bind(ns)).toBe(-16)
  expect(lab.said(from).filter((t) => t === 'queue-cleanup-started')).toHaveLength(1)
  expect(lab.said(from)).not.toContain('address-set')
  expect(lab.broken().filter((rule) => rule !== 'nvdimm-pmem/counter-dangles')).toEqual([])
})

const noRoom = (rules: 'seed' | 'linux-6.1'): { lab: Lab; error: number } => {
  const fault = { on: false }
  const lab = new Lab({ rules, region: { pagemap: false }, faults: { ioremap: (_, size) => !fault.on || size < 0x100000n } })
  const ns = lab.namespace
  ns.store('force_raw', '1')
  fault.on = true
  return { lab, error: lab.machine.bind(ns) }
}

describe('§1 (c) 4: a mapping that gives NULL', () => {
  test('is success to the seed, which serves a disk from nowhere: the rule says so, and the first read is an oops', () => {
    const { lab, error } = noRoom('seed')
    expect(error).toBe(0)
    const pmem = pmemOf(lab.region.namespaces[0]!)
    expect([pmem.address, pmem.disk!.state]).toEqual([null, 'added'])
    expect(lab.violations.filter((v) => v.rule.startsWith('nvdimm-pmem/'))).toMatchObject([
      { rule: 'nvdimm-pmem/served-without-mapping', certainty: 'certain', data: { address: null } },
    ])
    expect(() => pmem.disk!.submit('read', 0, new Uint8Array(512))).toThrow(Oops)
  })

  test('is an oops of the seed already where it looks for superblocks', () => {
    const fault = { on: false }
    const lab = seed({ region: { pagemap: false }, faults: { ioremap: () => !fault.on } })
    const ns = lab.namespace
    fault.on = true
    expect(() => lab.machine.bind(ns)).toThrow(Oops)
    expect([lab.said().at(-1), ns.live.state]).toEqual(['namespace-claimed', 'probing'])
    expect(lab.broken()).toContain('nvdimm-pmem/served-without-mapping')
  })

  test('is -ENXIO to 6.1, which puts its disk', () => {
    const { lab, error } = noRoom('linux-6.1')
    expect(error).toBe(-6)
    expect(lab.said().slice(-3)).toEqual(['queue-put', 'attach-disk-ended', 'probe-ended'])
    expect(lab.violations).toEqual([])
  })
})

test('§1 (c) 5: 1 GiB without a superblock has 2097152 sectors', () => {
  for (const rules of ['seed', 'linux-6.1'] as const) {
    const lab = new Lab({ rules })
    expect(pmemOf(lab.region.namespaces[0]!).disk!.capacity).toBe(2_097_152)
  }
})

test.each([
  ['§1 (c) 6', 'ram', GIB, 8192, 262_142, 2_097_136],
  ['§1 (c) 7', 'pmem', GIB, 18_874_368, 257_536, 2_060_288],
  ['§1 (c) 8', 'pmem', 128 * MIB, 4_194_304, 31_744, 253_952],
  ['§1 (c) 9', 'pmem', 256 * MIB, 6_291_456, 64_000, 512_000],
] as const)('%s: seed, mode %s, %i bytes', (_, mode, size, dataoff, npfns, sectors) => {
  const lab = seed({ region: { size } })
  const pfn = lab.pfn(mode)
  expect(lab.machine.bind(pfn)).toBe(0)
  expect(pfn.superblock).toMatchObject({ dataoff, npfns })
  const pmem = pmemOf(pfn)
  expect([pmem.dataOffset, pmem.disk!.capacity]).toEqual([dataoff, sectors])
  expect(pmem.disk!.capacity * 512 + pmem.dataOffset + pmem.pfnPad).toBe(size)
})

test('§1 (c) 13: 127 MiB are too few for a pfn device of the seed: -ENODEV', () => {
  const lab = seed({ region: { size: 127 * MIB } })
  expect(lab.machine.bind(lab.pfn())).toBe(-19)
})

describe('§1 (c) 14: rw_bytes', () => {
  test('ends with the namespace, warns once beyond, and takes nothing there', () => {
    const lab = seed()
    const ns = lab.namespace
    const pfn = lab.pfn('ram')
    expect(lab.machine.bind(pfn)).toBe(0)
    const one = new Uint8Array(1)
    expect(ns.rwBytes!(GIB - 1, one, 'read')).toBe(0)
    expect(ns.rwBytes!(GIB, one, 'read')).toBe(-14)
    expect(ns.rwBytes!(GIB, new Uint8Array(0), 'read')).toBe(0)
    expect(ns.rwBytes!(GIB, one, 'write')).toBe(-14)
    expect(lab.warnings().filter((w) => w.includes('out of range'))).toHaveLength(1)
  })

  test('of 6.1 ends with the window that is enabled, and of nothing is nothing', () => {
    const lab = new Lab()
    const ns = lab.namespace
    const btt = lab.btt()
    expect(lab.machine.bind(btt)).toBe(0)
    expect(ns.window).toBe(GIB)
    expect([ns.rwBytes!(GIB - 1, new Uint8Array(1), 'read'), ns.rwBytes!(GIB, new Uint8Array(1), 'read')]).toEqual([0, -14])
    expect(ns.rwBytes!(GIB + 5, new Uint8Array(0), 'read')).toBe(0)
  })
})

const sectors = (mode: 'pmem' | 'ram'): unknown[] => {
  const lab = new Lab({ region: { size: 0x3f000000 } })
  const pfn = lab.pfn(mode)
  expect(lab.machine.bind(pfn)).toBe(0)
  return [pfn.superblock!.dataoff, pfn.superblock!.npfns, pmemOf(pfn).disk!.capacity]
}

test('§1 (c) 15: 6.1, 0x3f000000 bytes at 4 GiB', () => {
  expect(sectors('pmem')).toEqual([0x1000000, 253_952, 2_031_616])
  expect(sectors('ram')).toEqual([0x200000, 257_536, 2_060_288])
})

const bound = (size: number): [number, unknown] => {
  const lab = new Lab({ region: { size } })
  const pfn = lab.pfn()
  pfn.store('align', '0x40000000')
  return [lab.machine.bind(pfn), pfn.superblock]
}

test('§1 (c) 16: 6.1, alignment of 1 GiB: 1 GiB leaves nothing (-ENXIO), 2 GiB leave one', () => {
  expect(bound(GIB)[0]).toBe(-6)
  expect(bound(2 * GIB)).toMatchObject([0, { dataoff: GIB, npfns: 262_144 }])
})

test('§1 (c) 18: direct_access(8) at 4 GiB behind 2 MiB', () => {
  const lab = new Lab()
  const pfn = lab.pfn('ram')
  lab.machine.bind(pfn)
  const pmem = pmemOf(pfn)
  expect(pmem.dataOffset).toBe(0x200000)
  expect(pmem.directAccess(8)).toMatchObject({ pfn: 0x3000000000100201n, size: GIB - 0x201000 })
})
