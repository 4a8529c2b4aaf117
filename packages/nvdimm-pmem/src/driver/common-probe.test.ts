/** What a device is refused for before its driver does anything, and what stays as it is (`spec/pmem.md` §1 and §2 (b)). */
import { expect, test } from 'vitest'
import { eras, GIB, Lab, MIB, pmemOf } from '../../test/machine.ts'

const MISPLACED = { start: 0x100100000n, size: GIB } as const

test('17: 6.1, a MiB too many: it is cut off at the end, and the disk is by that much smaller', () => {
  const lab = new Lab({ region: { size: GIB + MIB, pagemap: false } })
  const pfn = lab.pfn()
  expect(lab.machine.bind(pfn)).toBe(0)
  expect(pfn.superblock!.endTrunc).toBe(0x100000)
  const pmem = pmemOf(pfn)
  expect(pmem.pfnPad).toBe(0x100000)
  expect(pmem.disk!.capacity * 512 + pmem.dataOffset + pmem.pfnPad).toBe(GIB + MIB)
  expect(Number(pfn.show('size'))).toBe(pmem.disk!.capacity * 512)
})

test('6.1: a raw namespace that would get struct pages lies at multiples of 2 MiB, or is not supported; raw by force it is', () => {
  const lab = new Lab({ region: MISPLACED })
  const [ns] = lab.region.namespaces
  expect([lab.machine.bind(ns!), ns!.hasDriver]).toEqual([-95, false])
  ns!.store('force_raw', '1')
  expect(lab.machine.bind(ns!)).toBe(0)
  expect(pmemOf(ns!).pagemap).toBe(null)
})

test('a namespace of less than the era takes is no device', () => {
  const bound = eras.map((rules) => {
    const lab = new Lab({ rules, region: { size: 2 * MIB } })
    return lab.machine.bind(lab.namespace)
  })
  expect(bound).toEqual([-19, 0])
})

test.each(eras)('%s: a label without a uuid is no device; bound twice is -EBUSY', (rules) => {
  const lab = new Lab({ rules, region: { labels: true } })
  expect(lab.machine.bind(lab.region.seed('namespace'))).toBe(-19)
  const ns = lab.region.createNamespace()
  expect([lab.machine.bind(ns), lab.machine.bind(ns)]).toEqual([0, -16])
})

test.each(eras)('%s: who holds a namespace that is bound itself is -EBUSY', (rules) => {
  const lab = new Lab({ rules })
  const ns = lab.namespace
  const pfn = lab.pfn('ram')
  // Bound while nobody held it, as by a race that the bus lock does not see.
  ns.claim = null
  expect(lab.machine.bind(ns)).toBe(0)
  ns.claim = pfn
  expect(lab.machine.bind(pfn)).toBe(-16)
})

test.each(eras)('%s: a BTT that could not be bound goes on holding its namespace', (rules) => {
  const lab = new Lab({ rules, region: { size: 32 * MIB, readOnly: true } })
  const btt = lab.btt()
  expect(lab.machine.bind(btt)).toBe(-12)
  expect([btt.show('namespace'), lab.region.namespaces[0]!.show('holder')]).toEqual(['namespace0.0', 'btt0.0'])
  expect(lab.machine.bind(lab.region.namespaces[0]!)).toBe(-6)
})

test.each(eras)('%s: a device that holds nothing, or is not configured, is -ENODEV', (rules) => {
  const lab = new Lab({ rules })
  expect(lab.machine.bind(lab.region.seed('btt'))).toBe(-19)
  const pfn = lab.pfn('ram')
  pfn.uuid = null
  expect(lab.machine.bind(pfn)).toBe(-19)
})

test('6.1: a label that says what it is for is taken by nothing else, and is not searched for anything else', () => {
  const lab = new Lab({ region: { labels: true } })
  const ns = lab.region.createNamespace()
  expect([ns.store('holder_class', 'bogus'), ns.store('holder_class', 'pfn')]).toEqual([-22, 0])
  expect(lab.region.seed('btt').store('namespace', ns.name)).toBe(-16)
  const from = lab.events.length
  expect(lab.machine.bind(ns)).toBe(0)
  const claims = lab.events.slice(from).filter((e) => e.type === 'nvdimm-pmem/namespace-claimed')
  expect(claims.map((e) => e.data['by'])).toEqual(['pfn0.1'])
})
