/**
 * The viewer on ten million events, by the browser's own tracing. Takes minutes, and a machine with nothing else to do:
 * `VIEWER_LARGE=1 pnpm test viewer-large`. It prints what it measured.
 */
import { foldVersion } from '../dist/logs/code-version.js'
import { chromium } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { writeSimulated } from '../bench/simulated-log.ts'
import { ARGS, CHROMIUM, hasBrowser } from './browser.ts'
import { Scratch } from './devtrail.ts'
import { serve } from './serving.ts'

const EVENTS = Number(process.env['VIEWER_EVENTS'] ?? 10_000_000)
/** Milliseconds that the page's thread may work at a stretch while one travels. */
const BUSY_MS_MAX = 100
/** Times as long as reading the index and a keyframe that it may take until the timeline is drawn. */
const OPEN_MAX = 2
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

describe.skipIf(!hasBrowser || process.env['VIEWER_LARGE'] !== '1')('ten million events', () => {
  test('open by their index, and travelling stays smooth', { timeout: 1_200_000 }, async () => {
    using scratch = new Scratch()
    const log = await writeSimulated(scratch.folder, EVENTS, () => {}, foldVersion())
    await using server = await serve(scratch, log)
    const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...ARGS, '--enable-precise-memory-info'] })
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
    expect(opening / reading).toBeLessThan(OPEN_MAX)
    expect(busy.workMs).toBeLessThan(BUSY_MS_MAX)
    await browser.close()
  })
})
