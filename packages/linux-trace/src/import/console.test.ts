import { describe, expect, it } from 'vitest'
import { enter, imported, on, ret } from './trace.test-support.ts'

const sh = on('sh-102', 1)
const other = on('cat-7', 0)
const said = (...lines: string[]) => lines.map((l) => sh(`console: ${l}`))

describe('the kernel’s own reports, of several versions', () => {
  it.each([
    [
      'WARNING: CPU: 1 PID: 102 at fs/dax.c:398 dax_disassociate_entry+0x87/0xb0',
      { kind: 'warning', at: 'fs/dax.c:398', symbol: 'dax_disassociate_entry', pid: 102 },
    ],
    [
      'WARNING: CPU: 0 PID: 1 at /build/linux/fs/dax.c:12 f.part.0+0x1/0x2 [ext4]()',
      { kind: 'warning', at: '/build/linux/fs/dax.c:12', symbol: 'f.part.0', pid: 1 },
    ],
    ['WARNING: CPU: 0 PID: 1 at fs/dax.c:12', { kind: 'warning', at: 'fs/dax.c:12', symbol: null, pid: 1 }],
    [
      'WARNING: fs/dax.c:398 at dax_disassociate_entry+0x87/0xb0, CPU#1: my sh/102',
      { kind: 'warning', at: 'fs/dax.c:398', symbol: 'dax_disassociate_entry', pid: 102, comm: 'my sh' },
    ],
    ['BUG: unable to handle page fault for address: ffeada2a4424c034', { kind: 'oops', address: '0xffeada2a4424c034' }],
    ['BUG: unable to handle kernel paging request at ffeada2a4424c034', { kind: 'oops', address: '0xffeada2a4424c034' }],
    ['BUG: unable to handle kernel paging request at 00000000deadbeef', { kind: 'oops', address: '0xdeadbeef' }],
    ['BUG: kernel NULL pointer dereference, address: 0000000000000008', { kind: 'oops', address: '0x8' }],
    ['BUG: unable to handle kernel NULL pointer dereference at           (null)', { kind: 'oops', address: null }],
    ['general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] PREEMPT SMP', { kind: 'oops' }],
    ['Oops: general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP', { kind: 'oops' }],
    ['kernel BUG at mm/memremap.c:171!', { kind: 'bug', at: 'mm/memremap.c:171' }],
    ['BUG: Bad page state in process sh  pfn:109300', { kind: 'bug' }],
    ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [sh:102]', { kind: 'bug' }],
    ['INFO: task truncate:132 blocked for more than 120 seconds.', { kind: 'hung-task', comm: 'truncate', pid: 132 }],
    ['INFO: task kworker/u4:2:31 blocked for more than 122 seconds.', { kind: 'hung-task', comm: 'kworker/u4:2', pid: 31 }],
    ['Kernel panic - not syncing: Fatal exception', { kind: 'panic' }],
  ])('%s', async (text, report) => {
    const { data, all } = await imported(said(text))
    expect(data('kernel/warned')).toMatchObject([{ text, ...report }])
    expect(all('kernel/warned')[0]!.cause).toEqual([all('kernel/console')[0]!.seq])
  })

  it.each(['EXT4-fs (pmem0): warning: mounting unchecked fs', 'nd_pmem: DEBUG: x', 'sh: a BUG: in my script', '', 'Call Trace:'])(
    '%j is none',
    async (text) => {
      const { data } = await imported(said(text))
      expect(data('kernel/console')).toEqual([{ text }])
      expect(data('kernel/warned')).toEqual([])
    },
  )
})

describe('what follows a report', () => {
  const OOPS = 'BUG: unable to handle page fault for address: ffeada2a4424c034'

  it('tells the function and the task', async () => {
    const { data } = await imported(
      said(OOPS, '#PF: error_code(0x0000)', 'CPU: 1 PID: 135 Comm: my pin Tainted: G  W  6.1.0', 'RIP: 0010:free_pipe_info.cold+0x87/0xb0'),
    )
    expect(data('kernel/warned')).toMatchObject([{ symbol: 'free_pipe_info.cold', pid: 135, comm: 'my pin' }])
  })

  it('is not looked at beyond the end of the report', async () => {
    const { data } = await imported(
      said(OOPS, '---[ end trace 0000000000000000 ]---', 'CPU: 1 PID: 9 Comm: late Not tainted 6.1', 'RIP: 0010:late+0x1/0x2'),
    )
    expect(data('kernel/warned')).toMatchObject([{ symbol: null, pid: null, comm: null }])
  })

  it('is what the same CPU prints', async () => {
    const [oops] = said(OOPS)
    const { data } = await imported([
      oops!,
      other('console: CPU: 0 PID: 9 Comm: cat Not tainted'),
      ...said('CPU: 1 PID: 135 Comm: pin Not tainted'),
    ])
    expect(data('kernel/warned')).toMatchObject([{ pid: 135 }])
  })

  it('names the page whose struct page the address or a register points into', async () => {
    const map = [
      sh(enter('memremap_pages', 'pgmap=0xff01 start=0x100000000 end=0x13fffffff type=3 pgmap_flags=0 vmemmap_shift=0')),
      sh(ret('memremap_pages', '0xff33153d00000000')),
      sh(enter('unpin_user_page', 'page=0xffeada2a40000000 vmemmap=0xffeada2a40000000')),
    ]
    const byAddress = await imported([...map, ...said(OOPS)])
    expect(byAddress.data('kernel/warned')).toMatchObject([{ pfn: 0x10_9300 }])
    const WARNING = 'WARNING: CPU: 1 PID: 102 at fs/dax.c:398 f+0x1/0x2'
    const byRegister = await imported([
      ...map,
      ...said(WARNING, 'RSP: 0018:ff6e00cfc03ef658 EFLAGS: 2', 'RAX: ffeada2a4424c000 RBX: 0000000000109500 RCX: 0000000000000002'),
    ])
    expect(byRegister.data('kernel/warned')).toMatchObject([{ pfn: 0x10_9300 }])
    const ordinary = await imported([...map, ...said(WARNING, 'RAX: ffeada2a40000040')])
    expect(ordinary.data('kernel/warned')).toMatchObject([{ pfn: null }])
  })
})
