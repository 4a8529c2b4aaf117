import { describe, expect, it } from 'vitest'
import { enter, imported, on, raw, ret, type Step, type Told } from './trace.test-support.ts'

const sh = on('sh-102')
const pin = on('pin-135', 1)
const BASE = 0xffea_da2a_4000_0000n
const VMEMMAP = `vmemmap=0x${BASE.toString(16)}`
const P = '0xff3fdf9170e6c0b0'
const page = (pfn: number): string => `0x${(BASE + BigInt(pfn) * 64n).toString(16)}`
const PFN = 0x10_9300

/** A pagemap of 1 GiB without an altmap: of type 3, FS_DAX, or 4, device-dax, whose pages are of an order. */
const mapped = (type = 3, order = 0): Step[] => [
  sh(enter('memremap_pages', `pgmap=${P} start=0x100000000 end=0x13fffffff type=${type} pgmap_flags=0 vmemmap_shift=${order}`)),
  sh(ret('memremap_pages', '0xff33153d00000000')),
]
const grabFolio = (pfn: number, flags = '0x4', refcount = 1, word = P, got = page(pfn)): Step[] => [
  pin(enter('try_grab_folio', `page=${page(pfn)} pgmap=${word} refcount=${refcount} refs=1 flags=${flags} ${VMEMMAP}`)),
  pin(ret('try_grab_folio', got, 'gup')),
]
const put = (pfn: number, refcount = 2, word = P): Step =>
  pin(enter('__put_devmap_managed_page_refs', `page=${page(pfn)} pgmap=${word} refcount=${refcount} refs=1 ${VMEMMAP}`))
const counts = (told: Told): unknown[] => [...told.pagemap.pages].map(([pfn, p]) => [pfn, p.refcount])

const grabPage = (got: string): Step[] => [
  pin(enter('try_grab_page', `page=${page(PFN)} pgmap=${P} refcount=1 flags=0x4 ${VMEMMAP}`)),
  pin(ret('try_grab_page', got, 'follow_page_pte')),
]

describe('a grab', () => {
  it('that succeeds is a reference of the task that took it', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN)])
    expect(told.data('memremap/grabbed')).toMatchObject([{ pfn: PFN, pagemap: 1, before: 1, refs: 1, kind: 'get', head: null }])
    expect(counts(told)).toEqual([[PFN, 2]])
    expect(told.pagemap.pages.get(PFN)!.holders).toMatchObject([{ pid: 135, comm: 'pin', kind: 'get', refs: 1 }])
  })

  it('that is refused takes none', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN, '0x4', 1, P, '0x0')])
    expect(told.data('memremap/grab-refused')).toEqual([{ pfn: PFN, pagemap: 1 }])
    expect(counts(told)).toEqual([])
  })

  it.each([
    ['0x4', 'get', 1, 2],
    ['0x40000', 'pin', 1, 1025],
    ['0x50006', 'pin', 1, 1025],
  ])('with flags %s is a %s', async (flags, kind, refs, count) => {
    const told = await imported([...mapped(), ...grabFolio(PFN, flags)])
    expect(told.data('memremap/grabbed')).toMatchObject([{ kind, refs }])
    expect(counts(told)).toEqual([[PFN, count]])
  })

  it('with neither FOLL_GET nor FOLL_PIN takes no reference', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN, '0x2003')])
    expect(told.data('memremap/grabbed')).toMatchObject([{ refs: 0 }])
    expect(counts(told)).toEqual([])
  })

  it('through try_grab_page returns a bool, of which only the lowest byte counts', async () => {
    expect((await imported([...mapped(), ...grabPage('0xffff880000000001')])).all('memremap/grabbed')).toHaveLength(1)
    expect((await imported([...mapped(), ...grabPage('0xffff880000000100')])).all('memremap/grab-refused')).toHaveLength(1)
  })

  it('of ordinary memory is no pagemap’s', async () => {
    const told = await imported([...mapped(), ...grabFolio(0x3c89, '0x4', 2, '0x0')])
    expect(told.data('memremap/grabbed')).toMatchObject([{ pfn: 0x3c89, pagemap: null }])
    expect(counts(told)).toEqual([])
  })

  it('without its return took nothing that can be told, and its return without it neither', async () => {
    const [begun, ended] = grabFolio(PFN)
    expect(counts(await imported([...mapped(), begun!]))).toEqual([])
    const returned = await imported([...mapped(), ended!])
    expect(returned.data('kernel/returned')).toMatchObject([{ function: 'try_grab_folio', ret: page(PFN) }])
  })

  it('whose count cannot be one is counted without it', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN, '0x4', 93_200_640)])
    expect(told.data('memremap/grabbed')).toMatchObject([{ before: null }])
  })
})

describe('a put', () => {
  it('gives back what was grabbed', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN), put(PFN)])
    expect(told.data('memremap/put')).toMatchObject([{ pfn: PFN, pages: 1, pagemap: 1, before: 2, refs: 1, how: 'put_page' }])
    expect(counts(told)).toEqual([])
  })

  it('of a page that is no pagemap’s keeps what was fetched, and counts nothing', async () => {
    const told = await imported([put(0x20_0000, 93_200_640, '0xdead4ead00000000')])
    expect(told.data('memremap/put')).toMatchObject([{ pagemap: null, before: null }])
    expect(told.data('memremap/sampled')).toMatchObject([{ refcount: null, raw: 93_200_640 }])
    expect(told.memremap.pagemaps.size).toBe(0)
  })

  it('follows the sample of the pipe buffer: it is one put, not two', async () => {
    const sample = pin(enter('page_cache_pipe_buf_release', `page=${page(PFN)} refcount=3 ops=0xffffffff8e0 ${VMEMMAP}`))
    const told = await imported([...mapped(), ...grabFolio(PFN), ...grabFolio(PFN, '0x4', 2), sample, put(PFN, 3)])
    expect(told.data('memremap/sampled')).toMatchObject([{ pfn: PFN, refcount: 3 }])
    expect(counts(told)).toEqual([[PFN, 2]])
  })
})

const bio = (vcnt: number, lens: readonly number[]): Step =>
  pin(enter('__bio_release_pages', `bio=0xff3dab6000 vcnt=${vcnt} ${[0, 1, 2].map((i) => `page${i}=${lens[i] ? page(PFN + 16 * i) : '0x0'} len${i}=${lens[i] ?? 0}`).join(' ')} ${VMEMMAP}`)) // prettier-ignore

describe('the end of a bio', () => {
  it('puts each page of its vectors', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN), ...grabFolio(PFN + 1), bio(2, [8192, 4096])])
    expect(told.data('memremap/put').map((d) => [d['pfn'], d['pages'], d['how']])).toEqual([
      [PFN, 2, 'bio'],
      [PFN + 16, 1, 'bio'],
    ])
    expect(told.data('memremap/puts-unseen')).toEqual([])
    expect([told.pagemap.pages.has(PFN), told.pagemap.pages.has(PFN + 1)]).toEqual([false, false])
  })

  it('counts a page that a vector holds a part of', async () => {
    const told = await imported([...mapped(), bio(3, [1, 4097, 4096])])
    expect(told.data('memremap/put').map((d) => d['pages'])).toEqual([1, 2, 1])
  })

  it('reads no more vectors than there are, whatever was fetched behind them', async () => {
    expect((await imported([...mapped(), bio(1, [4096, 4096, 4096])])).data('memremap/put')).toHaveLength(1)
  })

  it('with more than three vectors put pages that nobody saw: what else is referenced is possible only', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN + 999), bio(5, [4096, 4096, 4096])])
    expect(told.data('memremap/puts-unseen')).toEqual([{ vectors: 2, pagemap: null }])
    expect(told.all('memremap/puts-unseen')[0]!.cause).toEqual([told.all('memremap/bio-released')[0]!.seq])
    expect(told.pagemap.pages.get(PFN + 999)).toMatchObject({ refcount: { atLeast: 1 } })
  })
})

describe('a page of device-dax', () => {
  const unpin = pin(enter('unpin_user_page', `page=${page(PFN)} ${VMEMMAP}`))
  const gupPut = (flags: string): Step => pin(enter('gup_put_folio', `page=${page(PFN)} refs=1 flags=${flags} ${VMEMMAP}`))

  it('is unpinned once, whether gup_put_folio is recorded too or not', async () => {
    const alone = await imported([...mapped(4), ...grabFolio(PFN, '0x40000'), unpin])
    const both = await imported([...mapped(4), ...grabFolio(PFN, '0x40000'), unpin, gupPut('0x40000')])
    const between = await imported([...mapped(4), ...grabFolio(PFN, '0x40000'), unpin, sh('ev: x'), gupPut('0x40000')])
    expect(alone.data('memremap/put')).toMatchObject([{ kind: 'pin', how: 'unpin' }])
    for (const told of [both, between]) expect(told.data('memremap/put')).toMatchObject([{ kind: 'pin', how: 'gup' }])
    for (const told of [alone, both, between]) expect(counts(told)).toEqual([])
  })

  it('is put by gup_put_folio, a get or a pin by its flags', async () => {
    expect((await imported([...mapped(4), ...grabFolio(PFN), gupPut('0x4')])).data('memremap/put')).toMatchObject([
      { kind: 'get', how: 'gup' },
    ])
  })

  it('of a file system instead is put by the put that follows: this is a sample', async () => {
    const told = await imported([...mapped(3), ...grabFolio(PFN, '0x40000'), unpin, gupPut('0x40000')])
    expect(told.data('memremap/put')).toEqual([])
    expect(told.data('memremap/sampled').map((d) => d['by'])).toEqual(['unpin_user_page', 'gup_put_folio'])
  })
})

describe('a compound page', () => {
  const head = 0x10_9200
  const tailWord = `0x${(BigInt(page(head)) + 1n).toString(16)}`

  it('is counted at its head: a tail names it, and its own count says nothing', async () => {
    const told = await imported([...mapped(4, 9), ...grabFolio(head + 5, '0x4', 0, tailWord)])
    expect(told.data('memremap/grabbed')).toMatchObject([{ pfn: head + 5, head, before: null, pagemap: 1 }])
    expect([...told.pagemap.pages.keys()]).toEqual([head])
  })

  it('that is grabbed by its head has at most the head’s count: of device-dax pages puts go unseen', async () => {
    const told = await imported([...mapped(4, 9), ...grabFolio(head, '0x4', 1)])
    expect(told.data('memremap/grabbed')).toMatchObject([{ pfn: head, head: null, before: 1 }])
    expect(counts(told)).toEqual([[head, { atLeast: 1, atMost: 2 }]])
    expect([...told.pagemap.pages.values()].map((r) => r.sure)).toEqual([false])
  })

  it('is one page, whichever of its parts is taken', async () => {
    const told = await imported([...mapped(4, 9), ...grabFolio(head, '0x4', 1), ...grabFolio(head + 7, '0x4', 0, tailWord)])
    expect(counts(told)).toEqual([[head, { atLeast: 1, atMost: 3 }]])
  })
})

describe('a wait for idle pages', () => {
  const truncate = on('truncate-132')
  const begun = [
    truncate(enter('ext4_break_layouts', 'inode=0xff3fdf9102')),
    truncate(enter('dax_layout_busy_page_range', `mapping=0xff3fdf9103 start=0x0 end=0xffffffffffffffff ${VMEMMAP}`)),
    truncate(ret('dax_layout_busy_page_range', page(PFN), 'ext4_break_layouts')),
  ]

  it('knows the page that is waited for', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN), ...begun])
    expect(told.data('memremap/busy-looked-up')).toMatchObject([{ pfn: PFN, pagemap: 1, page: page(PFN) }])
    expect([...told.memremap.waits.values()]).toMatchObject([{ pid: 132, page: { pfn: PFN }, idle: null }])
  })

  it('is ended by its return', async () => {
    const told = await imported([
      ...mapped(),
      ...grabFolio(PFN),
      ...begun,
      put(PFN),
      truncate(ret('ext4_break_layouts', 0, 'ext4_setattr')),
    ])
    expect(told.data('memremap/idle-wait-ended')).toMatchObject([{ errno: 0 }])
    expect(told.all('memremap/idle-wait-ended')[0]!.cause).toEqual([told.all('memremap/idle-wait-started')[0]!.seq])
    expect(told.memremap.waits.size).toBe(0)
  })

  it('goes on when the page became idle and the call did not return', async () => {
    const told = await imported([...mapped(), ...grabFolio(PFN), ...begun, put(PFN)])
    expect([...told.memremap.waits.values()]).toMatchObject([{ idle: { seq: told.all('memremap/put')[0]!.seq } }])
  })
})

it('after a gap nothing that was referenced is sure', async () => {
  const told = await imported([...mapped(), ...grabFolio(PFN), raw('CPU:1 [LOST 9 EVENTS]')])
  expect(told.pagemap.pages.get(PFN)).toMatchObject({ sure: false, refcount: { atLeast: 1, atMost: null } })
})
