/** What every recording in the repo must be said to show; the figures were read off the traces by hand. */
import { printTree, type ResourceTreeState } from '@devtrail/resource-tree'
import { check, stuckTasks } from '@devtrail/time-travel'
import { describe, expect, it } from 'vitest'
import { imported, iomemAfter, iomemBefore, names, traceLines } from './recorded.test-support.ts'

/** Recordings whose iomem.after was taken after another boot or a later bind: those that end in a crash. */
const CRASHED = new Set(['fsdax-pinned-unbind'])
/** Certain violations by recording; all others must have none. */
const CERTAIN: Readonly<Record<string, readonly string[]>> = {
  'fsdax-pinned-unbind': ['kernel/warned', 'memremap/referenced-at-removal', 'kernel/warned'],
  'fsdax-truncate-hang': ['memremap/idle-waiter-not-woken'],
  'lab-crash2': ['kernel/warned', 'memremap/referenced-at-removal', 'kernel/warned', 'kernel/warned'],
  'lab-crash3': ['kernel/warned', 'memremap/referenced-at-removal', 'kernel/warned', 'kernel/warned'],
  'lab-hang2': ['memremap/idle-waiter-not-woken'],
}

const entryCount = (name: string): number => {
  const header = traceLines(name).find((line) => line.startsWith('# entries-in-buffer'))
  return Number(/: (\d+)\//.exec(header!)![1])
}

describe.each(names)('%s', (name) => {
  it('is parsed whole: every entry has an event of its own or is kept as one without effect', async () => {
    const { events, kept, summary } = await imported(name)
    expect(summary.unparsed).toBe(0)
    expect(summary.unknown).toEqual([])
    expect(summary.entries).toBe(entryCount(name))
    const told = new Set([...events.map((e) => e.entry), ...kept.map((k) => Number(k.split(' ', 1)[0]))])
    for (let n = 1; n <= summary.entries; n++) expect(told.has(n), `entry ${n}`).toBe(true)
    expect(Object.values(summary.withoutEffect).reduce((a, b) => a + b, 0)).toBe(kept.length)
  })

  it('numbers its events without a hole, never back in time or entries', async () => {
    const { events } = await imported(name)
    const own = events.filter((e) => e.seq > 0)
    expect(own.map((e) => e.seq)).toEqual(own.map((_, i) => i + 1))
    for (let i = 1; i < own.length; i++) {
      expect(own[i]!.time).toBeGreaterThanOrEqual(own[i - 1]!.time)
      expect(own[i]!.entry ?? Infinity).toBeGreaterThanOrEqual(own[i - 1]!.entry ?? 0)
      for (const cause of own[i]!.cause) expect(cause).toBeLessThan(own[i]!.seq)
    }
  })

  it('follows /proc/iomem from the listing before to the listing after', async () => {
    const { history } = await imported(name)
    const iomem = async (at: 'start' | 'end'): Promise<string> =>
      printTree((await history.at({ kind: at })).machine.state<ResourceTreeState>('resource-tree'), 'iomem')
    expect(await iomem('start')).toBe(iomemBefore(name))
    const end = await iomem('end')
    expect(CRASHED.has(name) ? iomemAfter(name) : end).toBe(iomemAfter(name))
  })

  it('breaks exactly the rules it is known to break', async () => {
    const { history } = await imported(name)
    const { violations } = await check(history)
    expect(violations.filter((v) => v.certainty === 'certain').map((v) => v.rule)).toEqual(CERTAIN[name] ?? [])
  })
})

describe('fsdax-pinned-unbind', () => {
  it('says which pages were taken away, and from whom, and ties the reports of the kernel to it', async () => {
    const { history, events } = await imported('fsdax-pinned-unbind')
    const { violations, machine } = await check(history)
    const [removal] = violations.filter((v) => v.rule === 'memremap/referenced-at-removal')
    expect(removal).toMatchObject({
      certainty: 'certain',
      time: 9_432_496_000,
      data: { pages: { certain: 16, possible: 0 }, firstPfn: '0x109300', lastPfn: '0x10930f', takenBy: [{ pid: 135, comm: 'pin' }] },
    })
    expect(machine.devices().find((d) => d.id === removal!.device)?.name).toBe('pfn0.0')
    const reports = violations.filter((v) => v.rule === 'kernel/warned')
    expect(reports.map((v) => v.data['kind'])).toEqual(['warning', 'oops'])
    for (const report of reports) expect(removal!.evidence).toContain(report.seq)
    const grabs = events.filter((e) => e.type === 'memremap/grabbed' && removal!.evidence.includes(e.seq))
    expect(grabs).toHaveLength(16)
    expect(grabs.every((e) => e.actor?.pid === 135 && e.data['kind'] === 'get')).toBe(true)
  })

  it('shows the crash even where the kernel did not live to say so', async () => {
    const { history } = await imported('fsdax-pinned-unbind', undefined, ['dmesg'])
    const { violations } = await check(history)
    expect(violations.map((v) => [v.rule, v.certainty])).toEqual([
      ['kernel/warned', 'certain'],
      ['memremap/referenced-at-removal', 'certain'],
    ])
  })
})

describe('fsdax-truncate-hang', () => {
  it('says who waits for what, and the list of stuck tasks tells the same', async () => {
    const { history } = await imported('fsdax-truncate-hang')
    const { violations } = await check(history)
    expect(violations).toHaveLength(1)
    expect(violations[0]!.data).toEqual({
      pfn: '0x109300',
      waiter: { pid: 132, comm: 'truncate' },
      call: 'ext4_break_layouts',
      waitingSince: '12.385952',
      idleSince: '24.320642',
    })
    const { machine } = await history.at({ kind: 'end' })
    const stuck = stuckTasks(machine)
    expect(stuck.map((t) => [t.pid, t.comm, t.calls.map((c) => c.waiting?.waitsFor)])).toEqual([
      [132, 'truncate', ['page 0x109300 to become idle']],
    ])
  })

  it('is only possible when the recording was cut before the waiter could have returned', async () => {
    const lines = traceLines('fsdax-truncate-hang').filter((line) => !line.startsWith('# entries-in-buffer'))
    const { history } = await imported('fsdax-truncate-hang', lines)
    const { violations } = await check(history)
    expect(violations.map((v) => [v.rule, v.certainty])).toEqual([['memremap/idle-waiter-not-woken', 'possible']])
  })
})

it('counts the references of processes that raced for the same pages (lab-crash3)', async () => {
  const { history } = await imported('lab-crash3')
  const { violations } = await check(history)
  const [removal] = violations.filter((v) => v.rule === 'memremap/referenced-at-removal')
  expect(removal!.data).toMatchObject({ pages: { certain: 12, possible: 0 }, firstPfn: '0x108300', lastPfn: '0x10830b' })
  expect((removal!.data['takenBy'] as { pid: number }[]).map((t) => t.pid).toSorted((a, b) => a - b)).toEqual([134, 135])
})
