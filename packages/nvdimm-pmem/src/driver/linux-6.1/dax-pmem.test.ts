/** devdax: two drivers, two devices of one name. The order was compared with a recording of Linux 6.1 line by line. */
import { pageCount } from '@devtrail/memremap'
import { expect, test } from 'vitest'
import { GIB, Lab } from '../../../test/machine.ts'

const FIRST = 0x101200

function bound(): { lab: Lab; dax: ReturnType<Lab['pfn']> } {
  const lab = new Lab()
  const dax = lab.pfn('pmem', 'dax')
  expect(lab.machine.bind(dax)).toBe(0)
  return { lab, dax }
}

const ofDevice = (lab: Lab, device: number, from = 0): string[] =>
  lab.events
    .slice(from)
    .flatMap((e) => (e.device === device && /^(devres|nvdimm-pmem)\/(added|released|dax-killed)/.test(e.type) ? [e.type] : []))

test('the region in front of the data is dax_pmem’s, the data are device_dax’s, and all of it is mapped in pages of 2 MiB', () => {
  const { lab, dax } = bound()
  const regions = lab.machine.iomem.root.children[0]!.children.map((r) => [r.start, r.end, r.name])
  expect(regions).toEqual([
    [0x100000000n, 0x1011fffffn, 'namespace0.0'],
    [0x101200000n, 0x13fffffffn, 'dax0.0'],
  ])
  const p = dax.pagemap!
  expect([p.range.start, p.range.end, p.type, p.vmemmapShift]).toEqual([0x100000000n, 0x13fffffffn, 4, 9])
  expect(pageCount(p, FIRST)).toBe(1)
  expect([dax.daxDevice!.name, dax.daxDevice!.driver!.name, dax.live.driver!.name]).toEqual(['dax0.0', 'device_dax', 'dax_pmem'])
  expect([dax.show('size'), dax.show('resource'), dax.ndns!.show('mode')]).toEqual([`${GIB - 0x1200000}`, '0x101200000', 'dax'])
  expect(dax.superblock).toMatchObject({ kind: 'dax', dataoff: 0x1200000 })
})

test('unbound, the inner device goes first: its actions, its pagemap, its region; then the region in front', () => {
  const { lab, dax } = bound()
  const inner = dax.daxDevice!.id
  const from = lab.events.length
  expect(lab.machine.unbind(dax)).toBe(0)
  expect(ofDevice(lab, inner, from)).toEqual([
    'devres/released',
    'nvdimm-pmem/dax-killed',
    ...Array.from({ length: 3 }, () => 'devres/released'),
  ])
  expect(lab.types(from, 'memremap/').at(-1)).toBe('memremap/unmapped')
  expect(lab.machine.iomem.root.children[0]!.children).toEqual([])
  expect(lab.violations).toEqual([])
})

test('a raw namespace with its superblock comes back as dax', () => {
  const { lab, dax } = bound()
  lab.machine.unbind(dax)
  dax.store('namespace', '')
  expect(lab.machine.bind(lab.region.namespaces[0]!)).toBe(-6)
  const again = lab.machine.device('dax0.0')!
  expect([again.hasDriver, again.store('mode', 'ram')]).toEqual([true, -16])
  expect(lab.events.findLast((e) => e.type === 'nvdimm-pmem/probe-ended')!.data['comeBackAs']).toBe('dax')
})

test('when its data are claimed by another, device_dax is not bound, and dax_pmem is all the same', () => {
  const lab = new Lab()
  const dax = lab.pfn('pmem', 'dax')
  lab.machine.iomem.requestRegion(0x110000000n, 0x1000n, 'somebody')
  expect(lab.machine.bind(dax)).toBe(0)
  expect([dax.daxDevice!.state, dax.pagemap]).toEqual(['unbound', null])
  expect(lab.machine.unbind(dax)).toBe(0)
})
