import { describe, expect, it } from 'vitest'
import { dmesgTail, parseDmesg } from './console.ts'
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

const texts = (tail: readonly { text: string }[]): string[] => tail.map((l) => l.text)

describe('dmesg', () => {
  it('has lines with a time; others are left out', () => {
    expect(parseDmesg('[    1.000001] a: b\r\n<4>[   12.345678] warned\nno time\n[ 13.5] x\n[  2.000000] \n')).toEqual([
      { ns: 1_000_001_000, text: 'a: b' },
      { ns: 12_345_678_000, text: 'warned' },
      { ns: 2_000_000_000, text: '' },
    ])
  })

  const lines = parseDmesg('[  1.000000] twice\n[  5.000000] twice\n[  5.500000] early\n[  6.000000] late\n')
  it('goes on behind the line that the trace has last, the nearest in time of equal ones', () => {
    expect(texts(dmesgTail(lines, 4.9e9, { text: 'twice', time: 4.9e9 }))).toEqual(['early', 'late'])
    expect(texts(dmesgTail(lines, 0.9e9, { text: 'twice', time: 0.9e9 }))).toEqual(['twice', 'early', 'late'])
  })

  it('is moved to the clock of the trace, which that line tells', () => {
    expect(dmesgTail(lines, 4.9e9, { text: 'twice', time: 4.9e9 }).map((l) => l.ns)).toEqual([5.4e9, 5.9e9])
  })

  it('has no line that the trace would have had', () => {
    expect(texts(dmesgTail(lines, 5.45e9, { text: 'twice', time: 4.9e9 }))).toEqual(['late'])
    expect(texts(dmesgTail(lines, 5.7e9, null))).toEqual(['late'])
    expect(texts(dmesgTail(lines, 5.7e9, { text: 'never printed', time: 1e9 }))).toEqual(['late'])
  })

  it('is passed over by as many lines as the last console entry has', () => {
    expect(texts(dmesgTail(lines, 4.9e9, { text: 'twice\nearly', time: 4.9e9 }))).toEqual(['late'])
  })
})

describe('what the kernel printed after tracing stopped', () => {
  const dmesg =
    '[  0.500000] boot\n[  1.001500] first\n[  1.101500] Kernel panic - not syncing: x\n[  1.201500] CPU: 1 PID: 9 Comm: sh Not tainted\n'

  it('follows the trace, without an entry, before its end', async () => {
    const { all, events } = await imported(said('first'), { dmesg })
    expect(all('kernel/console').map((e) => [e.data['text'], e.entry, e.time])).toEqual([
      ['first', 1, 1_001_000_000],
      ['Kernel panic - not syncing: x', null, 1_101_000_000],
      ['CPU: 1 PID: 9 Comm: sh Not tainted', null, 1_201_000_000],
    ])
    expect(all('kernel/warned')).toMatchObject([{ data: { kind: 'panic', pid: 9, comm: 'sh' } }])
    expect(events.at(-1)!.type).toBe('log/ended')
  })

  it('is nothing without an entry in the trace to go on from', async () => {
    const header = '# entries-in-buffer/entries-written: 0/0   #P:2'
    expect((await imported([], { dmesg, header })).all('kernel/console')).toEqual([])
  })
})
