import { describe, expect, it } from 'vitest'
import { enter, imported, on, raw, ret, type Told } from './trace.test-support.ts'

const use = on('use-245')
const uname = 'Linux (none) 7.2.13+deb14-amd64 #1 SMP x86_64 GNU/Linux'
const IOMEM = '100000000-13fffffff : Persistent Memory\n  100000000-13fffffff : namespace0.0\n'
const RAM = `${IOMEM}    102000000-13fffffff : dax0.0\n      102000000-13fffffff : System RAM (kmem)\n`
const ndctl = (mode: string): string => JSON.stringify([{ dev: 'namespace0.0', mode }])
const BASE = 0xff96_2379_c000_0000n
const PGMAP = '0xff138dd842818ab8'

const grab = (pfn: number, word = PGMAP): ReturnType<typeof use>[] => {
  const page = `0x${(BASE + BigInt(pfn) * 64n).toString(16)}`
  return [
    use(enter('try_grab_folio_fast', `page=${page} pgmap=${word} refcount=1 refs=1 flags=0x80001 vmemmap=0x${BASE.toString(16)}`)),
    use(ret('try_grab_folio_fast', page)),
  ]
}
const unmap = use(enter('memunmap_pages', `pgmap=${PGMAP} start=0x100000000 end=0x13fffffff type=3 nr_range=1`))
const removed = [unmap, use(enter('arch_remove_memory', 'start=0x100000000 size=0x40000000')), use(ret('memunmap_pages', null))]

const grabbedOf = ({ data }: Told): unknown[] => data('memremap/grabbed').map((d) => d['pagemap'])

describe('a pagemap that only its pages name', () => {
  it.each(['fsdax', 'devdax'])('is found in the memory of a namespace that was there: %s', async (mode) => {
    const told = await imported([...grab(0x39b84), ...grab(0x109300), ...grab(0x109301)], { uname, iomem: IOMEM, ndctl: ndctl(mode) })
    expect(told.data('memremap/pagemap-found')).toMatchObject([{ pagemap: 1, pointer: PGMAP, fromStart: true }])
    expect(grabbedOf(told)).toEqual([null, 1, 1])
    expect([...told.pagemap.pages.keys()]).toEqual([0x109300, 0x109301])
    const namespace = told.data('nvdimm-pmem/namespace-found')[0]!['device']
    expect(told.data('memremap/pagemap-identified')).toMatchObject([{ pagemap: 1, namespace }])
  })

  it('is found in what the dax device of a namespace claims', async () => {
    const iomem = '100000000-13fffffff : Persistent Memory\n  100000000-1011fffff : namespace0.0\n  101200000-13fffffff : dax0.0\n'
    const listed = JSON.stringify([{ dev: 'namespace0.0', mode: 'devdax', chardev: 'dax0.0' }])
    const told = await imported(grab(0x101200), { uname, iomem, ndctl: listed })
    expect(grabbedOf(told)).toEqual([1])
    const namespace = told.data('nvdimm-pmem/namespace-found')[0]!['device']
    expect(told.data('memremap/pagemap-identified')).toMatchObject([{ pagemap: 1, namespace }])
  })

  it('is the one that is taken down later', async () => {
    const told = await imported([...grab(0x109300), ...removed], { uname, iomem: IOMEM, ndctl: ndctl('fsdax') })
    expect(told.data('memremap/unmap-started')).toMatchObject([{ pagemap: 1 }])
    expect(told.pagemap.removal?.possible).toEqual([0x109300])
  })

  it('is none once the memory was seen to go', async () => {
    const told = await imported([...grab(0x109300), ...removed, ...grab(0x109302, '0xff138dd842818000')], {
      iomem: IOMEM,
      ndctl: ndctl('fsdax'),
    })
    expect(grabbedOf(told)).toEqual([1, null])
  })

  it('is one for a namespace: another word in it names none', async () => {
    const told = await imported([...grab(0x109300), ...grab(0x109301, '0xff138dd842818000')], { iomem: IOMEM, ndctl: ndctl('fsdax') })
    expect(told.data('memremap/pagemap-found')).toHaveLength(1)
    expect(grabbedOf(told)[0]).toBe(1)
  })

  it.each([
    ['where there is no namespace', { iomem: '100000000-13fffffff : Persistent Memory\n', ndctl: ndctl('fsdax') }],
    ['where the namespace has no struct pages', { iomem: IOMEM, ndctl: ndctl('sector') }],
    ['where the memory is used as System RAM', { iomem: RAM, ndctl: ndctl('devdax') }],
    ['without a baseline', {}],
  ])('is not made up %s', async (_, texts) => {
    expect(grabbedOf(await imported(grab(0x109300), texts))).toEqual([null])
  })

  it('nor after a gap, in which the memory may have become System RAM', async () => {
    const told = await imported([raw('CPU:0 [LOST 3 EVENTS]'), ...grab(0x109300)], { iomem: IOMEM, ndctl: ndctl('fsdax') })
    expect(grabbedOf(told)).toEqual([null])
  })

  it('nor of a tail, which names its head', async () => {
    expect(grabbedOf(await imported(grab(0x109301, '0xff962379c424c001'), { iomem: IOMEM, ndctl: ndctl('devdax') }))).toEqual([null])
  })
})
