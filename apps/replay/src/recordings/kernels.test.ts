/**
 * The same two scripts on four kernels, recorded with the script that `devtrail record` prints: what became of them is told
 * apart by the recording alone. (6.1 is in verdicts.test.ts too, by recordings made otherwise.)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { between, type AnyEvent } from '@devtrail/events'
import { importRecording, ownEvent, type ImportSummary } from '@devtrail/linux-trace'
import { openRecording } from '@devtrail/linux-trace/node'
import type { MemremapState } from '@devtrail/memremap'
import { printTree, type ResourceTreeState } from '@devtrail/resource-tree'
import { check, History, stuckTasks, type Position } from '@devtrail/time-travel'
import { describe, expect, it } from 'vitest'
import { models, refsOf } from '@devtrail/survey'

const RECORDINGS = join(import.meta.dirname, '../../../../recordings')
/** What /proc/iomem was afterwards; of a recording that ends in a crash nobody knows. */
const EXPECTED = join(RECORDINGS, 'expected')

interface Imported {
  readonly events: readonly AnyEvent[]
  readonly summary: ImportSummary
  readonly history: History
}

const done = new Map<string, Promise<Imported>>()

function imported(name: string): Promise<Imported> {
  const known = done.get(name) ?? load(name)
  done.set(name, known)
  return known
}

async function load(name: string): Promise<Imported> {
  const events: AnyEvent[] = []
  const { recording } = await openRecording(join(RECORDINGS, name))
  const summary = await importRecording(recording, { event: (e) => void events.push(ownEvent(e)), kept: () => {} })
  return { events, summary, history: new History({ read: () => events }, models, { entries: summary.entries }) }
}

/** The calls that a task is in, outermost first. */
async function callsOf({ history }: Imported, comm: string, at: Position): Promise<string[]> {
  const tasks = stuckTasks((await history.at(at)).machine)
  return tasks.filter((task) => task.comm === comm).flatMap(({ calls }) => calls.map(({ call }) => call.name))
}

const certain = async ({ history }: Imported): Promise<string[]> =>
  (await check(history)).violations.filter((v) => v.certainty === 'certain').map((v) => v.rule)

const timeOf = ({ events }: Imported, type: string, which: (e: AnyEvent) => boolean = () => true): number => {
  const found = events.find((e) => e.type === type && which(e))
  if (found === undefined) throw new Error(`there is no ${type}`)
  return found.time / 1e9
}

const isFinal = (e: AnyEvent): boolean => e.data['call'] === 'dax_break_layout_final'
const isOfTruncate = (e: AnyEvent): boolean => e.actor?.comm === 'truncate'

const others = ['linux-5.10', 'linux-6.12', 'linux-7.2']
const names = others.flatMap((kernel) => readdirSync(join(RECORDINGS, kernel)).map((name) => `${kernel}/${name}`))

describe.each(names)('%s', (name) => {
  it('is read whole: no entry unparsed, unknown or lost', async () => {
    const { summary } = await imported(name)
    expect(summary).toMatchObject({ unparsed: 0, unknown: [], lost: 0 })
  })
})

/** Recordings that do not end in a crash. */
const listed = names.filter((name) => existsSync(join(EXPECTED, name, 'iomem.after')))

it.each(listed)('%s follows /proc/iomem from the listing before to the listing after', async (name) => {
  const { history } = await imported(name)
  const end = await history.at({ kind: 'end' })
  const tree = printTree(end.machine.state<ResourceTreeState>('resource-tree'), 'iomem')
  expect(tree).toBe(readFileSync(join(EXPECTED, name, 'iomem.after'), 'utf8'))
})

describe('a driver is unbound while pages of its memory are in a pipe', () => {
  it('5.10: the unbind waits in memunmap_pages until the pipe is closed, and takes nothing away before', async () => {
    const it510 = await imported('linux-5.10/fsdax-pinned-unbind')
    const started = timeOf(it510, 'memremap/unmap-started')
    expect(timeOf(it510, 'memremap/unmapped') - started).toBeGreaterThan(2.5)
    expect(await callsOf(it510, 'sh', { kind: 'time', ns: (started + 2) * 1e9 })).toContain('memunmap_pages')
    expect(await certain(it510)).not.toContain('memremap/referenced-at-removal')
  })

  it('6.12: the memory is removed under 16 pages of pin, and the kernel crashes', async () => {
    const it612 = await imported('linux-6.12/fsdax-pinned-unbind')
    const { violations } = await check(it612.history)
    const removal = violations.find((v) => v.rule === 'memremap/referenced-at-removal')
    expect(removal).toMatchObject({ certainty: 'certain', data: { pages: { certain: 16 }, firstPfn: '0x109300', lastPfn: '0x10930f' } })
    expect(await certain(it612)).toEqual(['kernel/warned', 'memremap/referenced-at-removal', 'kernel/warned'])
  })

  it('7.2: the unbind waits in dax_break_layout_final for the first page until the pipe is closed; nothing is broken', async () => {
    const it72 = await imported('linux-7.2/fsdax-pinned-unbind')
    const started = timeOf(it72, 'memremap/idle-wait-started', isFinal)
    expect(timeOf(it72, 'memremap/idle-wait-ended', isFinal) - started).toBeGreaterThan(2.5)
    const { machine } = await it72.history.at({ kind: 'time', ns: (started + 2) * 1e9 })
    const waits = [...machine.state<MemremapState>('memremap').waits.values()]
    expect(waits).toMatchObject([{ comm: 'sh', call: 'dax_break_layout_final', page: { pfn: 0x109300 }, idle: null }])
    // Nothing shows all puts there: whoever took a page may have given it back.
    const pages = refsOf(machine, null).filter((r) => r.of === 'page')
    expect(pages.map(({ certain, ref }) => [certain, ref.pfn, ref.pages, ref.refcount])).toEqual([[false, '0x109300', 16, between(1, 2)]])
    expect(await certain(it72)).toEqual([])
  })
})

it('5.10: probes whose driver took the device are bound, those cleaned up within are not, with the errno where the driver told it', async () => {
  const { events } = await imported('linux-5.10/fsdax-pinned-unbind')
  const names = new Map(events.filter((e) => e.type === 'devres/device-found').map((e) => [e.data['device'], e.data['name']]))
  const ended = events.filter((e) => e.type === 'devres/probe-ended')
  expect(ended.flatMap((e) => (e.inferred ? [names.get(e.data['device'])] : []))).toEqual(['namespace0.0'])
  expect(ended.map(({ data }) => `${String(names.get(data['device']))} ${String(data['outcome'])} ${String(data['errno'])}`)).toEqual([
    'namespace0.0 bound 0',
    'nmem0 bound 0',
    'btt0.0 rejected -19',
    'region0 bound 0',
    'pfn0.0 rejected -19',
    'dax0.0 not-bound null',
    'pfn0.0 bound 0',
    // Its return was missed; that its task went on to another device tells.
    'namespace0.0 rejected -19',
    'pfn0.1 rejected -19',
    'namespace0.1 rejected -19',
    'pfn0.0 bound 0',
  ])
})

it('5.10: nobody is left in a probe, whose one return was missed', async () => {
  const { history } = await imported('linux-5.10/fsdax-pinned-unbind')
  expect(stuckTasks((await history.at({ kind: 'end' })).machine)).toEqual([])
})

describe('a DAX file is cut while a direct write from its memory is in flight', () => {
  it.each(['linux-5.10', 'linux-6.12', 'linux-7.2'])('%s: truncate waits, and returns', async (kernel) => {
    const cut = await imported(`${kernel}/fsdax-truncate`)
    const started = timeOf(cut, 'memremap/idle-wait-started', isOfTruncate)
    expect(timeOf(cut, 'memremap/idle-wait-ended', isOfTruncate) - started).toBeGreaterThan(0.1)
    expect(await callsOf(cut, 'truncate', { kind: 'end' })).toEqual([])
    expect(await certain(cut)).toEqual([])
    const { machine } = await cut.history.at({ kind: 'end' })
    expect(refsOf(machine, null).filter(({ of }) => of === 'page')).toEqual([])
  })
})
