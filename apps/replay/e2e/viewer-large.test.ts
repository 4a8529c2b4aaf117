/**
 * The viewer on ten million events, by the browser's own tracing, and on a million devices. Takes minutes, and a machine with nothing else to do:
 * `VIEWER_LARGE=1 pnpm test viewer-large`. It prints what it measured.
 */
import { readFileSync } from 'node:fs'
import { LOG_SCHEMA_VERSION } from '@devtrail/event-log'
import { createFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import { foldVersion } from '../dist/logs/code-version.js'
import type { Browser } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { writeSimulated } from '../bench/simulated-log.ts'
import { hasBrowser, launch } from './browser.ts'
import { Scratch } from './devtrail.ts'
import { serve } from './serving.ts'

const EVENTS = Number(process.env['VIEWER_EVENTS'] ?? 10_000_000)
const DEVICES = Number(process.env['VIEWER_DEVICES'] ?? 1_000_000)
/** Milliseconds that the page's thread may work at a stretch while one travels. */
const BUSY_MS_MAX = 100
/** Times as long as reading the index and a keyframe that it may take until the timeline is drawn. */
const OPEN_MAX = 2
/** MiB that the page and its worker may take at most, of ten million events and of a million devices. */
const MEMORY_MIB_MAX = 1024
const MANY_MEMORY_MIB_MAX = 4096
const TRACED = ['blink.user_timing', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel', '__metadata']
/** What tracing calls a stretch of work, by category. */
const TASKS: ReadonlySet<string> = new Set(['RunTask', 'ThreadControllerImpl::RunTask'])

interface Traced {
  readonly name: string
  readonly ph: string
  readonly ts: number
  readonly dur?: number
  /** What of it the thread worked: on a busy machine others have the processor for the rest. */
  readonly tdur?: number
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name?: string }
}

/** The first of a name, in milliseconds. */
function timeOf(events: readonly Traced[], name: string, ph: string): number {
  return events.find((event) => event.name === name && event.ph === ph)!.ts / 1000
}

const lengthOf = (events: readonly Traced[], name: string): number => timeOf(events, name, 'e') - timeOf(events, name, 'b')

/** The longest that the threads of pages were busy at a stretch, between two moments: by the clock, and by what they worked. */
function longestTask(events: readonly Traced[], from: number, to: number): { readonly clockMs: number; readonly workMs: number } {
  const threads = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = events.filter(
    ({ name, pid, tid, ts }) => TASKS.has(name) && threads.has(`${pid} ${tid}`) && ts / 1000 >= from && ts / 1000 <= to,
  )
  expect(tasks.length).toBeGreaterThan(50)
  // A browser that does not tell what threads worked is taken by the clock.
  return {
    clockMs: Math.max(...tasks.map(({ dur }) => (dur ?? 0) / 1000)),
    workMs: Math.max(...tasks.map(({ dur, tdur }) => (tdur ?? dur ?? 0) / 1000)),
  }
}

/** The most memory that a process of pages and workers has had, in MiB. */
async function peakMemory(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))![1]) / 1024)
  return Math.max(...peaks)
}

const device = (n: number): AnyEvent => ({
  seq: n,
  time: n * 1000,
  type: 'devres/device-found',
  device: n,
  cpu: 0,
  actor: null,
  entry: n,
  cause: [],
  data: { device: n, name: `dev${n}`, bus: 'nd', kind: 'nd-pfn', state: 'bound', driver: 'nd_pmem', fromStart: true },
})

describe.skipIf(!hasBrowser || process.env['VIEWER_LARGE'] !== '1')('ten million events', () => {
  test('open by their index, and travelling stays smooth', { timeout: 1_200_000 }, async () => {
    using scratch = new Scratch()
    const log = await writeSimulated(scratch.folder, EVENTS, () => {}, foldVersion())
    await using server = await serve(scratch, log)
    const browser = await launch('--enable-precise-memory-info')
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await browser.startTracing(page, { categories: TRACED })
    await page.goto(server.url)
    await page.locator('.device').first().waitFor()
    const box = (await page.locator('.timeline canvas').boundingBox())!
    const y = box.y + 45
    await page.evaluate("performance.mark('scrub begins')")
    await page.mouse.move(box.x + 20, y)
    await page.mouse.down()
    for (let i = 0; i < 240; i++) await page.mouse.move(box.x + 20 + ((i * 37) % (box.width - 40)), y)
    await page.mouse.up()
    await page.evaluate("performance.mark('scrub ends')")
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: Traced[] }
    const reading = lengthOf(traceEvents, 'devtrail index') + lengthOf(traceEvents, 'devtrail keyframe')
    const opening = timeOf(traceEvents, 'devtrail drawn', 'I') - timeOf(traceEvents, 'devtrail open', 'I')
    const [begin, end] = [timeOf(traceEvents, 'scrub begins', 'I'), timeOf(traceEvents, 'scrub ends', 'I')]
    const busy = longestTask(traceEvents, begin, end)
    const memory = (await page.evaluate('performance.memory.usedJSHeapSize')) as number
    console.log({ readingMs: reading, openingMs: opening, scrubMs: end - begin, longestTask: busy, pageHeapMiB: memory / 2 ** 20 })
    await page
      .locator('.reading')
      .getByText(/ devices$/)
      .waitFor({ timeout: 900_000 })
    const peakMiB = await peakMemory(browser)
    console.log({ peakMiB })
    expect(peakMiB).toBeLessThan(MEMORY_MIB_MAX)
    expect(opening / reading).toBeLessThan(OPEN_MAX)
    expect(busy.workMs).toBeLessThan(BUSY_MS_MAX)
    await browser.close()
  })

  test('a million devices: the first rows, and any other by its name', { timeout: 1_800_000 }, async () => {
    using scratch = new Scratch()
    const log = scratch.path('many')
    const writer = await createFileLog(
      log,
      { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'bench' }, notes: [] },
      vocabulary,
    )
    for (let n = 1; n <= DEVICES; n += 4000) await writer.append(Array.from({ length: 4000 }, (_, i) => device(n + i)))
    await writer.close()
    await using server = await serve(scratch, log)
    const browser = await launch()
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const begun = performance.now()
    await page.goto(`${server.url}#v=1&at=10`)
    await page
      .locator('.reading')
      .getByText(/ devices$/)
      .waitFor({ timeout: 1_200_000 })
    const readMs = performance.now() - begun
    expect(await page.locator('.reading').innerText()).toBe(`2000 of ${DEVICES} devices`)
    await page.getByRole('textbox', { name: 'Only rows whose name has this in it' }).fill(`dev${DEVICES}`)
    await page.locator('.rows strong').getByText(`dev${DEVICES}`, { exact: true }).waitFor({ timeout: 120_000 })
    const peakMiB = await peakMemory(browser)
    console.log({ readMs, peakMiB })
    expect(peakMiB).toBeLessThan(MANY_MEMORY_MIB_MAX)
    await browser.close()
  })
})
