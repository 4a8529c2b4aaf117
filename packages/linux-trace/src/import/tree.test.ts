import { describe, expect, it } from 'vitest'
import { enter, imported, on, ret, type Step, type Told } from './trace.test-support.ts'

const sh = on('sh-102')
const IOMEM = '0xffffffff8f651c40'
const iomem = [
  '00000000-00000fff : Reserved',
  '00001000-3fffffff : System RAM',
  '100000000-13fffffff : Persistent Memory',
  '  100000000-13fffffff : namespace0.0',
  '',
].join('\n')

const request = (start: string, n: string, name: string, got: string, parent = IOMEM, flags = '0x0'): Step[] => [
  sh(enter('__request_region', `parent=${parent} start=${start} n=${n} name="${name}" flags=${flags}`)),
  sh(ret('__request_region', got, '__devm_request_region')),
]
const release = (start: string, n: string, parent = IOMEM): Step => sh(enter('__release_region', `parent=${parent} start=${start} n=${n}`))
const lines = (told: Told): string[] => told.iomem.split('\n').slice(0, -1)

describe('a region', () => {
  it('that is granted stands in the tree where the kernel puts it', async () => {
    const told = await imported(request('0x140000000', '0x1000', 'btt0.0', '0xff01'), { iomem })
    expect(told.all('resource-tree/requested')).toMatchObject([
      { data: { root: 'iomem', start: 0x1_4000_0000n, end: 0x1_4000_0fffn, name: 'btt0.0', pointer: '0xff01' }, cause: [1] },
    ])
    expect(lines(told).at(-1)).toBe('140000000-140000fff : btt0.0')
  })

  it('that is refused changes nothing', async () => {
    const told = await imported(request('0x100000000', '0x2000', 'namespace0.0', '0x0'), { iomem })
    expect(told.all('resource-tree/refused')).toMatchObject([{ data: { root: 'iomem', end: 0x1_0000_1fffn, errno: null }, cause: [1] }])
    expect(told.iomem).toBe(iomem)
  })

  it('that is released leaves the tree, with the name it had', async () => {
    const told = await imported([release('0x100000000', '0x40000000')], { iomem })
    expect(told.data('resource-tree/released')).toMatchObject([{ name: 'namespace0.0', how: 'release_region' }])
    expect(lines(told)).toEqual(iomem.split('\n').slice(0, 3))
  })

  it('that is released without being known says so and changes nothing', async () => {
    const told = await imported([release('0x200000000', '0x1000')], { iomem })
    expect(told.data('resource-tree/released')).toMatchObject([{ region: null, name: null, start: 0x2_0000_0000n, end: 0x2_0000_0fffn }])
    expect(told.iomem).toBe(iomem)
  })

  it('that firmware declared is not what a driver releases', async () => {
    const told = await imported([release('0x100000000', '0x40000000'), release('0x100000000', '0x40000000')], { iomem })
    expect(lines(told).at(-1)).toBe('100000000-13fffffff : Persistent Memory')
  })

  it('granted where one was believed to be: that one’s release went unseen', async () => {
    const told = await imported(request('0x100000000', '0x40000000', 'namespace0.0', '0xff01'), { iomem })
    expect(told.all('resource-tree/released')).toMatchObject([
      { data: { how: 'unseen', name: 'namespace0.0' }, inferred: true, cause: [1] },
    ])
    expect(told.iomem).toBe(iomem)
  })

  it('of another tree is not one of iomem', async () => {
    const own = await imported(request('0x100000000', '0x1000', 'dax0.0', '0xff02', '0xff1841a101a35e30'), { iomem })
    expect(own.data('resource-tree/requested')).toMatchObject([{ root: '0xff1841a101a35e30' }])
    const port = await imported(request('0x3f8', '0x8', 'serial', '0xff03', '0xffffffff8f651c80'), { iomem })
    expect(port.data('resource-tree/requested')).toMatchObject([{ root: 'ioport' }])
    expect([own.iomem, port.iomem]).toEqual([iomem, iomem])
  })

  it('asked of one that was granted before stands under it', async () => {
    const steps = [
      ...request('0x200000000', '0x10000', 'dax1.0', '0xff01'),
      ...request('0x200001000', '0x1000', 'inner', '0xff02', '0xff01'),
    ]
    expect(lines(await imported(steps, { iomem })).slice(-2)).toEqual(['200000000-20000ffff : dax1.0', '  200001000-200001fff : inner'])
  })
})

describe('a resource', () => {
  const at = 'res=0xffa0 start=0x200000000 end=0x20000ffff name="CXL Window 0" flags=0x200'
  const call = (fn: string, code: string | number): Step[] => [sh(enter(fn, `parent=${IOMEM} ${at}`)), sh(ret(fn, code))]

  it.each(['request_resource', 'insert_resource'])('%s returns an errno', async (fn) => {
    expect((await imported(call(fn, 0), { iomem })).data('resource-tree/requested')).toMatchObject([{ how: fn, pointer: '0xffa0' }])
    expect((await imported(call(fn, '-16'), { iomem })).data('resource-tree/refused')).toMatchObject([{ errno: -16 }])
  })

  it.each(['request_resource_conflict', 'insert_resource_conflict'])('%s returns what stands in the way', async (fn) => {
    expect((await imported(call(fn, '0x0'), { iomem })).data('resource-tree/requested')).toMatchObject([{ how: fn }])
    expect((await imported(call(fn, '0xff77'), { iomem })).data('resource-tree/refused')).toMatchObject([{ errno: null }])
  })

  it('of calls within calls is put in once', async () => {
    const [enterOuter, leaveOuter] = call('request_resource', 0)
    const told = await imported([enterOuter!, ...call('request_resource_conflict', '0x0'), leaveOuter!], { iomem })
    expect(told.data('resource-tree/requested')).toMatchObject([{ how: 'request_resource' }])
  })

  it('that is inserted takes in what it covers, and gives it back when it is removed', async () => {
    const over = 'res=0xffb0 start=0x100000000 end=0x17fffffff name="CXL Window 0" flags=0x200'
    const insert = [sh(enter('insert_resource', `parent=${IOMEM} ${over}`)), sh(ret('insert_resource', 0))]
    expect(lines(await imported(insert, { iomem })).slice(-3)).toEqual([
      '100000000-17fffffff : CXL Window 0',
      '  100000000-13fffffff : Persistent Memory',
      '    100000000-13fffffff : namespace0.0',
    ])
    expect((await imported([...insert, sh(enter('remove_resource', over))], { iomem })).iomem).toBe(iomem)
  })
})

const remove = (start: string, size: string): Step => sh(enter('arch_remove_memory', `start=${start} size=${size}`))

describe('memory that is onlined as System RAM', () => {
  const kmem = [
    ...request('0x140000000', '0x10000000', 'dax0.0', '0xff01'),
    ...request('0x140000000', '0x10000000', 'System RAM (kmem)', '0xff02', IOMEM, '0x3000200'),
  ]
  it('stands within the region of its driver', async () => {
    expect(lines(await imported(kmem, { iomem })).slice(-2)).toEqual([
      '140000000-14fffffff : dax0.0',
      '  140000000-14fffffff : System RAM (kmem)',
    ])
  })

  it('leaves the tree with its hot-removal, which no probe of the tree shows', async () => {
    const told = await imported([...kmem, remove('0x140000000', '0x10000000')], { iomem })
    const [removed] = told.all('memremap/memory-removed')
    expect(told.all('resource-tree/released')).toMatchObject([
      { data: { how: 'release_mem_region_adjustable', name: 'System RAM (kmem)' }, inferred: true, cause: [removed!.seq] },
    ])
    expect(lines(told).at(-1)).toBe('140000000-14fffffff : dax0.0')
  })

  it.each([
    ['at its beginning', '0x140000000', '  148000000-14fffffff : System RAM (kmem)'],
    ['at its end', '0x148000000', '  140000000-147ffffff : System RAM (kmem)'],
  ])('shrinks when a part %s is removed', async (_, start, left) => {
    const told = await imported([...kmem, remove(start, '0x8000000')], { iomem })
    expect(told.all('resource-tree/adjusted')).toMatchObject([{ inferred: true }])
    expect(lines(told).at(-1)).toBe(left)
  })

  it('is not touched when a pagemap takes its memory away', async () => {
    const unmap = enter('memunmap_pages', 'pgmap=0xff50 start=0x140000000 end=0x14fffffff type=3 pgmap_flags=0')
    expect((await imported([...kmem, sh(unmap), remove('0x140000000', '0x10000000')], { iomem })).data('resource-tree/released')).toEqual(
      [],
    )
  })
})

describe('whose a region is', () => {
  const ADD = 'devres_log: pfn0.0 ADD 00000000000000a1 devm_region_release (24 bytes)'
  const REM = 'devres_log: pfn0.0 REM 00000000000000a1 devm_region_release (24 bytes)'
  const REL = 'devres_log: pfn0.0 REL 00000000000000a1 devm_region_release (24 bytes)'

  it('is told by the managed resource that is added after the grant', async () => {
    const { data } = await imported([...request('0x140000000', '0x1000', 'x', '0xff01'), sh(ADD)], { iomem })
    expect(data('resource-tree/owner-identified')).toMatchObject([
      { region: data('resource-tree/requested')[0]!['region'], device: data('devres/added')[0]!['device'] },
    ])
  })

  it('is told by the managed resource that is released before the release', async () => {
    const { data } = await imported([sh(enter('devres_release_all', 'dev="pfn0.0"')), sh(REL), release('0x100000000', '0x40000000')], {
      iomem,
    })
    expect(data('resource-tree/owner-identified')).toMatchObject([{ region: data('resource-tree/released')[0]!['region'] }])
  })

  it('is told by the managed resource that is taken out after the release', async () => {
    const { data } = await imported([release('0x100000000', '0x40000000'), sh(REM)], { iomem })
    expect(data('resource-tree/owner-identified')).toMatchObject([{ region: data('resource-tree/released')[0]!['region'] }])
  })

  it('is not told by another task, nor by another kind of managed resource', async () => {
    const other = await imported([...request('0x140000000', '0x1000', 'x', '0xff01'), on('cat-9', 1)(ADD)], { iomem })
    const kzalloc = await imported([...request('0x140000000', '0x1000', 'x', '0xff01'), sh(ADD.replace('region', 'kzalloc'))], { iomem })
    for (const told of [other, kzalloc]) expect(told.data('resource-tree/owner-identified')).toEqual([])
  })
})
