import { describe, expect, it } from 'vitest'
import { RecordingError } from '../errors.ts'
import { enter, imported, on, raw, ret, type Step } from './trace.test-support.ts'

const sh = on('sh-102')
const release = sh(enter('__release_region', 'parent=0xffffffff8f651c40 start=0x100000000 n=0x1000'))

describe('the envelope', () => {
  it('of an event tells entry, time, cpu, task, context, the name of its probe and the place', async () => {
    const { all } = await imported([on('my task-9', 1)('mine: (__release_region+0x0/0x100) parent=0xffffffff8f651c40 start=0x0 n=0x1')])
    expect(all('resource-tree/released')).toMatchObject([
      {
        seq: 1,
        entry: 1,
        time: 1_001_000_000,
        cpu: 1,
        actor: { pid: 9, comm: 'my task' },
        context: '.....',
        source: 'mine',
        where: '__release_region+0x0/0x100',
      },
    ])
  })

  it('numbers events from 1 without a hole, the baseline being 0', async () => {
    const { events } = await imported([release, release], { iomem: '0-fff : Reserved\n' })
    expect(events.map((e) => e.seq)).toEqual([0, 1, 2, 3])
    expect(events[0]).toMatchObject({ type: 'resource-tree/found', entry: null, time: 1_001_000_000 })
  })
})

describe('the user’s own probes', () => {
  it('are known by what they probe and fetch', async () => {
    const kprobeEvents = 'p:me/foo __release_region up=%di:x64 from=%si:x64 len=%dx:x64\n'
    const { data } = await imported([sh('foo: (__release_region+0x0/0xc0) up=0xffffffff8f651c40 from=0x1000 len=0x10')], { kprobeEvents })
    expect(data('resource-tree/released')).toMatchObject([{ start: 0x1000n, end: 0x100fn, pointer: '0xffffffff8f651c40' }])
  })

  it('that fetch in a way not known are noted, those of other functions are not', async () => {
    const kprobeEvents = 'p:me/foo __release_region parent=$arg1 odd=+8($arg9)\np:me/bar vfs_read n=$arg3\n'
    const { summary } = await imported([release], { kprobeEvents })
    expect(summary.notes.filter((n) => n.startsWith('probe '))).toEqual([
      'probe foo fetches odd in a way not known for __release_region; taken by name',
    ])
  })

  it('that missed hits are noted with how many', async () => {
    const { summary } = await imported([release], {
      kprobeProfile: '  a      10               0\n  b      7               3\n  c  0  12\n',
    })
    expect(summary.notes.find((n) => n.startsWith('probes that missed'))).toContain('b (3), c (12);')
  })
})

describe('entries without an effect', () => {
  it('are counted by name and kept as they are, without their place in the file', async () => {
    const { summary, kept, events } = await imported([sh('dax_pte_fault: dev 259:0'), sh('odd: x=1'), sh('dax_pte_fault: dev 259:1')])
    expect(summary).toMatchObject({ entries: 3, withoutEffect: { dax_pte_fault: 2, odd: 1 }, unknown: ['odd'] })
    expect(kept.map((k) => k.entry)).toEqual([1, 2, 3])
    expect(kept[1]).toEqual({
      entry: 2,
      comm: 'sh',
      pid: 102,
      cpu: 0,
      context: '.....',
      time: 1_002_000_000,
      event: 'odd',
      body: 'x=1',
    })
    expect(events.filter((e) => e.entry !== null)).toEqual([])
  })

  it('may be probes of functions without a meaning, or returns of calls that have none', async () => {
    const { summary } = await imported([sh(enter('vfs_read', 'n=1')), sh(ret('kill_dax')), sh(enter('constructor', 'a=1'))])
    expect(summary.withoutEffect).toEqual({ vfs_read: 1, kill_dax_ret: 1, constructor: 1 })
  })

  it('are not the marks of user space', async () => {
    const { data } = await imported([sh('tracing_mark_write: unbind pfn0.0'), sh('print: (x) y')])
    expect(data('kernel/marked').map((d) => d['text'])).toEqual(['unbind pfn0.0', '(x) y'])
  })
})

describe('how complete a recording is', () => {
  it('is known when its header and its entries agree: whole', async () => {
    const { summary, data } = await imported([release, release], { uname: 'Linux 6.1\n' })
    expect(summary).toMatchObject({ entries: 2, complete: true, lost: 0, unparsed: 0, kernel: 'Linux 6.1' })
    expect(data('log/ended')).toEqual([{ complete: true }])
    expect(data('log/gap')).toEqual([])
  })

  it('without a header it is not known', async () => {
    const { summary, data } = await imported([release], { header: null })
    expect(summary).toMatchObject({ complete: false, lost: null })
    expect(summary.notes).toContain('the trace has no header: whether it is complete is not known')
    expect(data('log/ended')).toEqual([{ complete: false }])
  })

  it('probes that are told by addresses only are said to be, unless their definitions are there', async () => {
    const report = raw('sh-102   [001]   136.486662: release_region:       (ffffffff86aaa9c0) parent=0xff11 start=0x100000000 n=0x2000')
    const told = 'told by addresses only'
    expect((await imported([report])).summary.notes.join()).toContain(told)
    const kprobeEvents = 'p:dt/release_region __release_region parent=$arg1:x64 start=$arg2:x64 n=$arg3:x64\n'
    const { summary, all } = await imported([report], { kprobeEvents })
    expect(summary.notes.join()).not.toContain(told)
    expect(all('resource-tree/released')).toHaveLength(1)
  })

  it('entries that were overwritten are a gap before the first', async () => {
    const { summary, all } = await imported([release], { header: '# entries-in-buffer/entries-written: 1/8   #P:1' })
    expect(summary).toMatchObject({ complete: false, lost: 7 })
    expect(all('log/gap')).toMatchObject([{ seq: 1, entry: 1, data: { reason: 'overwritten', lost: 7 } }])
  })

  it('until the buffer of another CPU has begun, something may be missing before each entry', async () => {
    const overwritten = {
      header: '# entries-in-buffer/entries-written: 4/11   #P:2',
      foresee: () => Promise.resolve({ lateCpus: [1], blind: [], placed: 7, announced: 7 }),
    }
    const { summary, all } = await imported([release, release, raw('##### CPU 1 buffer started ####'), release, release], overwritten)
    expect(all('log/gap').map((e) => [e.entry, e.data['cpu'], e.data['lost']])).toEqual([
      [1, null, 7],
      [1, 1, null],
      [2, 1, null],
      [3, 1, null],
    ])
    expect(summary.lost).toBe(7)
  })

  it('entries of which the kernel counts that they were lost, and nothing says where, may be missing before each', async () => {
    const stats = 'CPU: 0\nentries: 0\noverrun: 0\ncommit overrun: 1\ndropped events: 4\nread events: 2\n'
    const { summary, all, data } = await imported([release, release], { stats })
    expect(summary).toMatchObject({ complete: false, lost: 5 })
    expect(all('log/gap').map((e) => [e.entry, e.data['lost'], e.data['cpu']])).toEqual([
      [1, null, null],
      [2, null, null],
    ])
    expect(data('log/ended')).toEqual([{ complete: false }])
    expect(summary.notes).toContain('of the entries of CPU 0: 1 not written by interrupts, 4 dropped, for the buffer was full')
    expect(summary.notes).toContain('5 entries were lost, and nothing says where: what is said may lack what they did')
  })

  it('a header behind the entries that announces more than is marked as lost: the same', async () => {
    const header = '# entries-in-buffer/entries-written: 2/9   #P:2'
    const lines = [release, raw('CPU:1 [LOST 4 EVENTS]'), release, raw(header)]
    const { summary, data } = await imported(lines, {
      header: '',
      foresee: () => Promise.resolve({ lateCpus: [], blind: [{ after: 0, cpu: 1 }], placed: 4, announced: 7 }),
    })
    expect(summary).toMatchObject({ complete: false, lost: 7 })
    expect(data('log/ended')).toEqual([{ complete: false }])
    // A stream cannot be looked through before: it is said at the end.
    const live = await imported(lines, { header: '' })
    expect(live.summary.lost).toBe(7)
    expect(live.data('log/ended')).toEqual([{ complete: false }])
    expect(live.summary.notes).toContain('3 entries were lost, and nothing says where: what is said may lack what they did')
  })

  it('entries that were lost are a gap where they are missing', async () => {
    const { summary, all } = await imported([release, raw('CPU:1 [LOST 5 EVENTS]'), release])
    expect(summary).toMatchObject({ complete: false, lost: 5 })
    expect(all('log/gap')).toMatchObject([{ entry: 2, data: { reason: 'lost', lost: 5, cpu: 1 } }])
    expect((await imported([release, raw('CPU:1 [LOST EVENTS]')])).summary.lost).toBeNull()
  })

  it('a trace that is cut is a gap at its end, with how much is missing', async () => {
    const { summary, all, data } = await imported([release], { header: '# entries-in-buffer/entries-written: 9/9   #P:2' })
    expect(summary).toMatchObject({ complete: false, lost: 8 })
    expect(summary.notes).toContain('the trace is cut: it has 1 of the 9 entries that its header announces')
    expect(all('log/gap')).toMatchObject([{ entry: null, data: { reason: 'cut', lost: 8 } }])
    expect(data('log/ended')).toEqual([{ complete: false }])
  })

  it('entries that were still in the buffers when they were counted are missing at its end', async () => {
    const stats = 'CPU: 0\nentries: 77\noverrun: 0\nread events: 1\nCPU: 1\nentries: 0\nread events: 2\n'
    const cut = { reason: 'cut', lost: 77 }
    const note = 'the trace lacks its end: it has 3 of the 80 entries that the kernel counted in its buffers'
    for (const header of ['# entries-in-buffer/entries-written: 3/3   #P:2', null]) {
      const { summary, data } = await imported([release, release, release], { header, stats })
      expect(summary).toMatchObject({ complete: false, lost: 77 })
      expect(data('log/gap')).toMatchObject([cut])
      expect(data('log/ended')).toEqual([{ complete: false }])
      expect(summary.notes).toContain(note)
    }
  })

  it('the file trace leaves its entries in the buffers: they are not missing, nor what somebody read before', async () => {
    const stats = 'CPU: 0\nentries: 2\noverrun: 0\nread events: 9\n'
    expect((await imported([release, release], { stats })).summary).toMatchObject({ complete: true, lost: 0 })
    const later = await imported([release, release], { stats: stats.replace('2', '5').replace('9', '0') })
    expect(later.summary).toMatchObject({ complete: false, lost: 3 })
  })

  it('lines that cannot be read are gaps, and the note says where the first are', async () => {
    const { summary, data } = await imported([release, raw('garbage'), release])
    expect(summary).toMatchObject({ unparsed: 1, complete: false })
    expect(summary.notes).toContain('1 line could not be read (line 3: "garbage"); each is a gap')
    expect(data('log/gap')).toMatchObject([{ reason: 'unreadable' }])
  })

  it('without a baseline what was there is not known, and the note names what is missing', async () => {
    const { summary } = await imported([release], { mounts: '' })
    expect(summary.notes).toContain('no iomem.before, ndctl.before.json: what was there when the recording began is not known')
    const whole = await imported([release], { mounts: '', iomem: '0-f : Reserved\n', ndctl: '' })
    expect(whole.summary.notes.join()).not.toContain('what was there')
    const cut = await imported([release], { mounts: '', iomem: '0-f : Rese', ndctl: '' })
    expect(cut.summary.notes).toContain('iomem.before does not end with a line break: it may be cut')
  })
})

describe('what cannot be imported', () => {
  it('is refused: an empty trace, text that is none', async () => {
    await expect(imported([], { header: null })).rejects.toThrow(RecordingError)
    await expect(imported([raw('hello')], { header: null })).rejects.toThrow('this is not a text trace')
  })
})

describe('the caller', () => {
  it('can stop an import', async () => {
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    await expect(imported([release], {}, { signal: stop.signal })).rejects.toThrow('enough')
  })

  it('is told now and then how far it is', async () => {
    const seen: number[] = []
    await imported(
      Array.from({ length: 20_000 }, () => sh('odd: x')),
      {},
      { onProgress: (n) => void seen.push(n) },
    )
    expect(seen).toHaveLength(2)
    expect(seen[0]).toBeGreaterThanOrEqual(8192)
    expect(seen[1]).toBeGreaterThanOrEqual(seen[0]! + 8192)
  })
})

const old = (body: string): Step => raw(`   sh-102    [000] .....  900.000001: ${body}`)
const young = (body: string): Step => raw(`   sh-102    [000] .....  2.000001: ${body}`)
const at = (time: string, cpu: number): Step =>
  raw(`   sh-${102 + cpu}    [00${cpu}] .....  ${time}: ${enter('get_dev_pagemap', 'pfn=0x1 cached=0x0')}`)

describe('a reboot inside a recording', () => {
  it('behind a later clock is told by the second header', async () => {
    const header = '# entries-in-buffer/entries-written: 2/2   #P:2'
    const { summary, memremap, data } = await imported(
      [
        raw(
          `   sh-102    [000] .....  2.000001: ${enter('memremap_pages', 'pgmap=0xff1 start=0x100000000 end=0x13fffffff type=3 pgmap_flags=1')}`,
        ),
        raw(`   sh-102    [000] .....  2.000002: ${ret('memremap_pages', '0xff2')}`),
        raw(header),
        old(enter('get_dev_pagemap', 'pfn=0x100000 cached=0x0')),
        old(ret('get_dev_pagemap', '0x0')),
      ],
      { header },
    )
    expect(data('log/gap')).toMatchObject([{ reason: 'lost', lost: null }])
    expect(summary).toMatchObject({ entries: 4, lost: null, complete: false })
    expect([...memremap.pagemaps.values()].map((p) => p.phase)).toEqual([null])
  })

  it('is told by a clock that begins anew: a gap before it, a note, and nothing of the boot before holds', async () => {
    const { all, summary, memremap } = await imported([
      old(enter('memremap_pages', 'pgmap=0xff1 start=0x100000000 end=0x13fffffff type=3 pgmap_flags=1')),
      old(ret('memremap_pages', '0xff2')),
      young(enter('get_dev_pagemap', 'pfn=0x100000 cached=0x0')),
      young(ret('get_dev_pagemap', '0x0')),
    ])
    expect(all('log/gap').map(({ entry, time, data }) => [entry, time, data['reason'], data['lost']])).toEqual([
      [3, 900_000_001_000, 'lost', null],
    ])
    expect(summary.notes).toContainEqual(
      expect.stringContaining('the clock goes back from 900.000001 to 2.000001 at entry 3: taken for another boot'),
    )
    expect(summary).toMatchObject({ lost: null, complete: false })
    expect([...memremap.pagemaps.values()].map((p) => p.phase)).toEqual([null])
  })

  it('is not seen in clocks of CPUs that are a little out of step', async () => {
    const { all, summary } = await imported([at('9.500000', 0), at('9.000001', 1), at('9.500002', 0)])
    expect(all('log/gap')).toEqual([])
    expect(summary.notes).toContainEqual(expect.stringContaining('time goes back once'))
  })
})
