/** What probes that missed hits, or fetch less, leave of an import. */
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { imported, raw, type Told } from './trace.test-support.ts'

const LINES = [
  'pin-9 [000] d.... 1.000001: look: (get_dev_pagemap+0x0/0xe0) pfn=0x100300 cached=0x0',
  'pin-9 [000] d.... 1.000002: look_ret: (gup+0x5/0x13 <- get_dev_pagemap) pgmap=0xff00000000001000',
  'pin-9 [000] d.... 1.000003: grab: (try_grab_folio+0x0/0x370) page=0xffea00000400c000 pgmap=0xff00000000001000 refcount=1 refs=1 flags=0x4',
  'pin-9 [000] d.... 1.000004: grab_ret: (gup+0x6/0x13 <- try_grab_folio) ret=0xffea00000400c000',
  'sh-1 [000] ..... 2.000001: unmap: (memunmap_pages+0x0/0x2b0) pgmap=0xff00000000001000 start=0x100000000 end=0x100ffffff type=3 pgmap_flags=0',
  'sh-1 [000] ..... 2.000002: gone: (arch_remove_memory+0x0/0x4a) start=0x100000000 size=0x1000000',
  'sh-1 [000] ..... 2.000003: unmap_ret: (release_nodes+0x40/0xb0 <- memunmap_pages)',
]

/** Definitions of every probe that a state cannot do without, some left out. */
function definitions(without: readonly string[] = []): string {
  const both = ['__request_region', 'really_probe', 'devres_release_all', 'memremap_pages', 'get_dev_pagemap', 'try_grab_folio']
  const entered = ['__release_region', 'device_unbind_cleanup', 'memunmap_pages', 'arch_remove_memory', 'device_add_disk', 'del_gendisk']
  const puts = ['__put_devmap_managed_page_refs', '__bio_release_pages']
  const names = { __put_devmap_managed_page_refs: 'puts', get_dev_pagemap: 'look' } as Record<string, string>
  return [...both, ...entered, ...puts]
    .filter((symbol) => !without.includes(symbol))
    .flatMap((symbol) => [
      `p:dt/${names[symbol] ?? symbol} ${symbol}`,
      ...(both.includes(symbol) ? [`r:dt/${symbol}_ret ${symbol} ret=$retval`] : []),
    ])
    .join('\n')
}

interface Parts {
  readonly kprobeEvents?: string
  readonly kprobeProfile?: string
}

function run(parts: Parts = { kprobeEvents: definitions() }, lines = LINES): Promise<Told> {
  const header = `# entries-in-buffer/entries-written: ${lines.length}/${lines.length}   #P:1`
  return imported(lines.map(raw), { header, ...parts })
}

const eventsWith = async (kprobeProfile: string): Promise<readonly AnyEvent[]> =>
  (await run({ kprobeEvents: definitions(), kprobeProfile })).events

const types = (events: readonly AnyEvent[]): string[] => events.map((e) => e.type)

test('without the base of the memmap the pages of a lookup still tell which they are', async () => {
  const [grabbed] = (await run()).data('memremap/grabbed')
  expect(grabbed).toMatchObject({ pfn: 0x100300, pagemap: 1, before: 1 })
})

test('where a probe of puts missed hits, puts may have gone unseen before memory is removed', async () => {
  expect(types(await eventsWith('  puts   10   0\n'))).not.toContain('memremap/puts-unseen')
  const missed = await eventsWith('  puts   10   3\n')
  const at = types(missed).lastIndexOf('memremap/puts-unseen')
  expect(missed[at + 1]?.type).toBe('memremap/memory-removed')
  // And from the first reference on.
  expect(types(missed)[types(missed).indexOf('memremap/grabbed') + 1]).toBe('memremap/puts-unseen')
  expect(missed.at(-1)?.data).toEqual({ complete: false })
})

test('where another probe missed hits, only the end of the recording is no longer sure', async () => {
  const missed = await eventsWith('  look   10   3\n')
  expect(missed.map((e) => e.type)).not.toContain('memremap/puts-unseen')
  expect(missed.at(-1)?.data).toEqual({ complete: false })
})

test('where a probe that a model rests on missed hits, that model and only it holds for the moment only, and the end of pages stays sure', async () => {
  const missed = await eventsWith('  __release_region   10   3\n')
  const gaps = missed.filter((e) => e.type === 'log/gap').map((e) => `${String(e.data['reason'])} ${String(e.data['model'])}`)
  expect(new Set(gaps)).toEqual(new Set(['unrecorded resource-tree']))
  expect(missed.at(-1)?.data).toEqual({ complete: true })
  const mapped = await eventsWith('  memunmap_pages   10   3\n')
  expect(mapped.some((e) => e.type === 'log/gap' && e.data['model'] === 'memremap')).toBe(true)
  expect(mapped.at(-1)?.data).toEqual({ complete: false })
})

test('a return probe that fetches no value leaves what it would have told unknown', async () => {
  const lines = LINES.map((line) => line.replace(' ret=0xffea00000400c000', ''))
  const { events, data, summary } = await run({}, lines)
  expect(events.map((e) => e.type)).not.toContain('memremap/grabbed')
  expect(data('log/gap')[0]).toEqual({ reason: 'unreadable', lost: null, cpu: null, model: null })
  expect(summary.notes.join()).toContain('return probes of try_grab_folio do not fetch $retval')
})

const returnsMissed = async (kprobeProfile: string): Promise<readonly object[]> =>
  (await run({ kprobeEvents: definitions(), kprobeProfile })).data('log/returns-missed')

test('where a probe of returns missed hits, that is said of the call before any is entered', async () => {
  expect(await returnsMissed('  really_probe_ret   10   2\n  try_grab_folio_ret  5  1\n  look  9  9\n')).toEqual([
    { call: 'really_probe', hits: 2 },
    { call: 'try_grab', hits: 1 },
  ])
  expect(await returnsMissed('  really_probe_ret   10   0\n')).toEqual([])
})

test('a probe that was cleaned up after is over when its task probes another device, though its return is not there', async () => {
  const lines = [
    'kw-9 [000] ..... 1.000001: really_probe: (really_probe+0x0/0x1) dev="namespace0.0" drv="nd_pmem"',
    'kw-9 [000] ..... 1.000002: nd_pmem_probe: (nd_pmem_probe+0x0/0x1) dev="namespace0.0"',
    'kw-9 [000] ..... 1.000003: nd_pmem_probe_ret: (nvdimm_bus_probe+0x1/0x2 <- nd_pmem_probe) ret=-19',
    'kw-9 [000] ..... 1.000004: devres_release_all: (devres_release_all+0x0/0x1) dev="namespace0.0"',
    'kw-9 [000] ..... 1.000005: devres_release_all_ret: (really_probe+0x1/0x2 <- devres_release_all) ret=0',
    'kw-9 [000] ..... 1.000006: really_probe: (really_probe+0x0/0x1) dev="pfn0.1" drv="nd_pmem"',
  ]
  const { all } = await run({}, lines)
  const [first, second] = all('devres/probe-started')
  expect(all('devres/probe-ended')).toMatchObject([
    { data: { device: first!.data['device'], outcome: 'rejected', errno: -19 }, cause: [first!.seq], inferred: true, entry: 6 },
  ])
  expect(second!.cause).toEqual([])
})

test('where a way of giving references back is not probed, none is certain to be still out', async () => {
  const { events } = await run({ kprobeEvents: definitions(['__bio_release_pages']) })
  expect(types(events)).toContain('memremap/puts-unseen')
})

test('what a model cannot do without and nothing recorded leaves it unknown, and only it', async () => {
  const gaps = (await run({ kprobeEvents: definitions(['__release_region']) })).data('log/gap')
  expect(gaps.length).toBeGreaterThan(0)
  expect(new Set(gaps.map((gap) => `${String(gap['reason'])} ${String(gap['model'])}`))).toEqual(new Set(['unrecorded resource-tree']))
})

test('an entry that lacks a field it cannot do without, or is cut, is a gap and a note with its place', async () => {
  const lines = [
    ...LINES.slice(0, 4),
    'sh-1 [000] ..... 2.000000: devres_log: pfn0.0 REL 00000',
    LINES[4]!.replace('start=', 'begin='),
    LINES[5]!,
  ]
  const { all, summary } = await run({ kprobeEvents: definitions() }, lines)
  const { notes, lost, complete } = summary
  expect(all('log/gap').map((e) => e.entry)).toEqual([5, 6])
  expect([lost, complete]).toEqual([2, false])
  expect(notes).toContain('entry 5 (line 6), devres_log, is cut or not of the form of its event; a gap stands for it')
  expect(notes).toContain('entry 6 (line 7), unmap, has no start; a gap stands for it')
})
