/** What the command must say of the recordings of a crash, its harmless twin, and a hang. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const crash = recording('fsdax-pinned-unbind')
const twin = recording('fsdax-splice')
const hang = recording('fsdax-truncate-hang')

interface ViolationJson {
  readonly rule: string
  readonly certainty: string
  readonly seq: number
  readonly time: string
  readonly device: string | null
  readonly summary: string
  readonly evidence: readonly number[]
  readonly data: { readonly [key: string]: any }
}
const byRule = (violations: readonly ViolationJson[], rule: string): ViolationJson[] => violations.filter((v) => v.rule === rule)

/** How many pages of a recording are referenced at a position. */
async function pagesOut(folder: string, at: string): Promise<number> {
  const { refs } = await scratch.json<{ refs: { of: string; pages?: number }[] }>(['refs', folder, '--at', at])
  return refs.reduce((n, r) => n + (r.of === 'page' ? (r.pages ?? 0) : 0), 0)
}

const iomemLines = async (folder: string, at: string): Promise<string[]> =>
  (await scratch.run(['iomem', folder, '--at', at])).out.split('\n')

describe('the crash', () => {
  test('check finds exactly one removal under references, and ties the reports of the kernel to it', async () => {
    const report = await scratch.json<{ schemaVersion: number; rules: string[]; violations: ViolationJson[] }>(['check', crash])
    expect(report.schemaVersion).toBe(1)
    expect(report.rules).toContain('memremap/referenced-at-removal')
    const [removal, ...more] = byRule(report.violations, 'memremap/referenced-at-removal')
    expect(more).toEqual([])
    expect(removal).toMatchObject({ certainty: 'certain', time: '9.432496', device: 'pfn0.0' })
    expect(removal!.data).toMatchObject({
      pages: { certain: 16, possible: 0 },
      firstPfn: '0x109300',
      lastPfn: '0x10930f',
      takenBy: [{ pid: 135, comm: 'pin' }],
    })
    expect(removal).not.toHaveProperty('about')
    const warned = byRule(report.violations, 'kernel/warned')
    expect(warned.map((v) => v.data['kind'])).toEqual(['warning', 'oops'])
    expect(removal!.data['linked'].map((l: { seq: number }) => l.seq)).toEqual(warned.map((v) => v.seq))
    expect(removal!.evidence).toEqual([...removal!.evidence].toSorted((a, b) => a - b))
  })

  test('check exits 1, in JSON and in words, and the words say what, where, who and since when', async () => {
    expect((await scratch.run(['check', crash, '--json'])).code).toBe(1)
    const { code, out } = await scratch.run(['check', crash])
    expect(code).toBe(1)
    for (const word of [
      'memremap/referenced-at-removal',
      '16 pages',
      '0x109300..0x10930f',
      'pin (pid 135)',
      'pfn0.0',
      '9.432496',
      'fs/dax.c:398',
    ]) {
      expect(out).toContain(word)
    }
  })

  test('one rule at a time: a rule that is kept exits 0', async () => {
    const report = await scratch.json(['check', crash, '--rule', 'devres/release-order'])
    expect(report).toMatchObject({ rules: ['devres/release-order'], violations: [] })
    expect((await scratch.run(['check', crash, '--rule', 'devres/release-order'])).code).toBe(0)
    expect((await scratch.run(['check', crash, '--rule', 'devres/release-order', '--rule', 'kernel/warned'])).code).toBe(1)
  })

  test('refs knows who took the 16 pages, and that their memory is gone at the end', async () => {
    const { refs } = await scratch.json(['refs', crash])
    const pages = refs.filter((r: { of: string }) => r.of === 'page')
    expect(pages).toHaveLength(1)
    expect(pages[0]).toMatchObject({
      device: 'pfn0.0',
      pfn: '0x109300',
      pages: 16,
      refcount: 2,
      kind: 'get',
      takenBy: { pid: 135, comm: 'pin' },
      certain: true,
      pagemap: { state: 'removed' },
    })
  })

  test('state as the memory goes: the shape of docs/interfaces.md', async () => {
    const { seq } = (await scratch.json(['check', crash])).violations.find(
      (v: ViolationJson) => v.rule === 'memremap/referenced-at-removal',
    )
    const state = await scratch.json(['state', crash, '--at', String(seq), '--device', 'pfn0.0'])
    expect(state).toMatchObject({ schemaVersion: 1, at: { seq, entry: 263, time: '9.432496' } })
    const device = state.devices['pfn0.0']
    expect(Object.keys(state.devices)).toEqual(['pfn0.0'])
    expect(device).toMatchObject({ kind: 'nd-pfn', driver: { state: 'unbinding' }, disk: { name: 'pmem0', state: 'removed' } })
    expect(device.regions.known).toMatchObject([{ start: '0x100000000', end: '0x13fffffff', name: 'namespace0.0' }])
    expect(device.pagemaps.known[0]).toMatchObject({
      id: '0xff3fdf9170e6c0b0',
      ranges: [{ start: '0x100000000', end: '0x13fffffff' }],
      type: 'MEMORY_DEVICE_FS_DAX',
      state: 'unmapping',
      altmap: { basePfn: '0x100000', reserve: 2, free: 4606, alloc: 4096 },
      ref: { id: '0xff3fdf9170e6c0e0', mode: 'atomic', dying: true, count: 0 },
      pageRefs: {
        known: [{ pfn: '0x109300', pages: 16, order: 0, refcount: 2, idle: 1, kind: 'get', takenBy: { pid: 135, comm: 'pin' } }],
      },
    })
    expect(state.iomem.at(0)).toMatchObject({ start: '0x0', end: '0xfff', name: 'Reserved', children: [] })
  })

  test('state in words: units, decoded flags, folded pages', async () => {
    const { out } = await scratch.run(['state', crash, '--at', '9.433s', '--device', 'pmem0'])
    expect(out).toContain('0x100000000–0x13fffffff (1 GiB) MEMORY_DEVICE_FS_DAX')
    expect(out).toMatch(/16 pages 0x109300\.\.0x10930f, count 2, FOLL_GET by pin \(135\), since 8\.3424\d\d \(events \d+–\d+\)/)
  })
})

describe('devices of one name', () => {
  test('a device that is gone has a key of its own beside those that are there', async () => {
    const { devices } = await scratch.json(['devices', recording('devdax-dev')])
    const gone = devices.find((d: { key: string; presence: string }) => d.key === 'dax/dax0.0' && d.presence === 'gone')
    const key = `dax/dax0.0#${gone.incarnation}`
    expect(Object.keys((await scratch.json(['state', recording('devdax-dev'), '--device', key])).devices)).toEqual([key])
  })
})

describe('the harmless twin', () => {
  test('check exits 0 without any certain violation', async () => {
    const { code, out } = await scratch.run(['check', twin, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out).violations.filter((v: ViolationJson) => v.certainty === 'certain')).toEqual([])
  })

  test('no page of it is referenced at the end; 16 were in between', async () => {
    expect(await pagesOut(twin, '23.464s')).toBe(16)
    expect(await pagesOut(twin, 'end')).toBe(0)
  })

  test('nobody is inside a call at the end', async () => {
    expect(await scratch.json(['stuck', twin])).toMatchObject({ schemaVersion: 1, tasks: [] })
  })
})

describe('the hang', () => {
  test('check finds exactly one waiter that nobody woke', async () => {
    const { violations } = await scratch.json<{ violations: ViolationJson[] }>(['check', hang])
    const certain = violations.filter((v) => v.certainty === 'certain')
    expect(certain.map((v) => v.rule)).toEqual(['memremap/idle-waiter-not-woken'])
    expect(certain[0]!.data).toMatchObject({
      pfn: '0x109300',
      waiter: { pid: 132, comm: 'truncate' },
      call: 'ext4_break_layouts',
      waitingSince: '12.385952',
      idleSince: '24.320642',
    })
    expect((await scratch.run(['check', hang])).code).toBe(1)
  })

  test('stuck tells the same story, in JSON and in words', async () => {
    const { tasks } = await scratch.json(['stuck', hang])
    expect(tasks).toHaveLength(1)
    expect(tasks[0]).toMatchObject({ pid: 132, comm: 'truncate' })
    expect(tasks[0].calls[0]).toMatchObject({
      function: 'ext4_break_layouts',
      since: { time: '12.385952' },
      waitsFor: 'page 0x109300 to become idle',
      certain: true,
      data: { idleSince: '24.320642' },
    })
    const { out, code } = await scratch.run(['stuck', hang])
    expect(code).toBe(0)
    for (const word of ['truncate (pid 132)', 'ext4_break_layouts', '12.385952', '0x109300', '24.320642', 'not woken'])
      expect(out).toContain(word)
  })

  test('before the write has ended, the waiter waits with reason', async () => {
    const { tasks } = await scratch.json(['stuck', hang, '--at', '20s'])
    expect(tasks[0].calls[0].data.idleSince).toBeNull()
  })
})

describe('the iomem tree', () => {
  test('at the start it is the baseline, byte for byte', async () => {
    for (const folder of [crash, twin, hang]) {
      expect((await scratch.run(['iomem', folder, '--at', 'start'])).out).toBe(readFileSync(join(folder, 'iomem.before'), 'utf8'))
    }
  })

  test('it follows requests and releases in between', async () => {
    const before = await iomemLines(crash, '9.5s')
    const after = await iomemLines(crash, '9.513s')
    expect(before.filter((l) => !after.includes(l))).toEqual(['  100000000-13fffffff : namespace0.0'])
    expect(after.filter((l) => !before.includes(l))).toEqual([])
  })

  test('where nothing changes in the end, the end is the start', async () => {
    expect((await scratch.run(['iomem', hang])).out).toBe(readFileSync(join(hang, 'iomem.before'), 'utf8'))
    expect(await scratch.json(['iomem', hang])).toMatchObject({ schemaVersion: 1, complete: true })
  })
})

describe('the demo', () => {
  test('tells of the crash, the twin and the hang, from what is in their logs', async () => {
    const { code, out, err } = await scratch.run(['demo'])
    expect([code, err]).toEqual([0, ''])
    for (const word of [
      'pin (pid 135)',
      '0x109300..0x10930f',
      'fs/dax.c:398',
      '9.432496',
      'BUG: unable to handle page fault',
      'Nothing is broken',
      'truncate (pid 132)',
      '24.320642',
    ]) {
      expect(out.replaceAll(/\s+/g, ' ')).toContain(word)
    }
  })

  test('fits in 96 columns', async () => {
    const { out } = await scratch.run(['demo'], { cwd: recording('..') })
    for (const line of out.split('\n').filter((l) => !l.includes('$ '))) expect(line.length).toBeLessThanOrEqual(96)
  })
})
