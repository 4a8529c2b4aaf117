/** The viewer as people use it: in a browser, by pointer, by keyboard alone, and by what a screen reader is told. */
import { createRequire } from 'node:module'
import { readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { appendFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeSimulated } from '../bench/simulated-log.ts'
import { hasBrowser, launch, open } from './browser.ts'
import { recording, ROOT, Scratch } from './devtrail.ts'
import { serve } from './serving.ts'
import { writeLog } from './written-log.ts'

const CRASH = recording('fsdax-pinned-unbind')
/** Bytes that the page may have, compressed, without a log. */
const PAGE_BYTES_MAX = 250_000

async function exported(scratch: Scratch, log = CRASH): Promise<string> {
  const file = scratch.path('log.html')
  const { code, err } = await scratch.run(['export', log, '--format', 'html', '-o', file])
  expect({ code, err }).toMatchObject({ code: 0 })
  return pathToFileURL(file).href
}

let browser: Browser
/** The crash, served and as one file, for all tests that do not change it. */
const shared = new Scratch()
let served: Awaited<ReturnType<typeof serve>>
let packed: string
beforeAll(async () => {
  if (!hasBrowser) return
  ;[browser, served, packed] = await Promise.all([launch(), serve(shared, CRASH), exported(shared)])
})
afterAll(async () => {
  await browser?.close()
  await served?.[Symbol.asyncDispose]()
  shared[Symbol.dispose]()
})

const heading = (page: Page): Promise<string> => page.locator('#state-title').innerText()
const spoken = (page: Page): Promise<string> => page.locator('[aria-live=polite]').innerText()
/** The page's address catches up with what it shows a moment later. */
const linkOf = async (page: Page, wanted: RegExp): Promise<string> => {
  await page.waitForURL(wanted)
  return new URL(page.url()).hash
}

interface Finding {
  readonly id: string
  readonly impact: string | null
  readonly nodes: readonly { readonly html: string }[]
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong, of some weight. */
async function wrongIn(page: Page): Promise<string[]> {
  const found = await page.evaluate(`${axe}; axe.run().then(({ violations }) => violations)`)
  return (found as Finding[])
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
}

/** A device that is told of, of this name in every way. */
const found = (name: string, i: number): AnyEvent => ({
  seq: i + 1,
  time: i * 1000,
  type: 'devres/device-found',
  device: i + 1,
  cpu: 0,
  actor: { pid: 1, comm: name.slice(0, 16) },
  entry: i + 1,
  cause: [],
  data: { device: i + 1, name, bus: name, kind: name, state: 'bound', driver: name, fromStart: true },
})

describe.skipIf(!hasBrowser)('the viewer', () => {
  test('shows the crash: the violation is found by clicking, and explained', async () => {
    const { context, page, errors } = await open(browser, served.url)
    await page.getByRole('button', { name: /referenced-at-removal at event 224/ }).click()
    await page.getByRole('heading', { name: 'Violation' }).waitFor()
    const detail = page.locator('.detail')
    expect(await detail.innerText()).toContain(
      'memory was removed while 16 pages of it (pfn 0x109300..0x10930f) were still referenced, by pin (pid 135)',
    )
    expect(await detail.innerText()).toContain('No page is referenced when its memory is removed.')
    await expect.poll(() => heading(page)).toBe('State after event 224')
    const state = page.locator('.state')
    await expect.poll(() => state.innerText()).toContain('16 pages from 0x109300')
    // What is not known looks so, and bounds are bounds.
    expect(await state.locator('.unknown').first().innerText()).toContain('?')
    expect(await state.locator('.bound:not(.badge)').first().innerText()).toBe('≥ 1')
    // The kernel's own crash, which the removal explains.
    await detail.getByRole('button', { name: 'event 245' }).first().click()
    await expect.poll(() => heading(page)).toBe('State after event 245')
    expect(errors).toEqual([])
    await context.close()
  })

  test('travels, compares two moments, and every view is a link', async () => {
    const { context, page, errors } = await open(browser, served.url)
    await page.locator('#search').fill('9.4s')
    await page.keyboard.press('Enter')
    await expect.poll(() => heading(page)).toBe('State after event 221')
    await page.keyboard.press('Escape')
    await page.keyboard.press('m')
    await page.locator('#search').fill('224')
    await page.keyboard.press('Enter')
    const compare = page.locator('#state-body')
    await expect.poll(() => compare.innerText()).toContain('pagemaps[0x100000000].ref.count')
    await compare.getByRole('button', { name: 'event 222' }).first().click()
    await expect.poll(() => heading(page)).toBe('State after event 222')
    const link = await linkOf(page, /at=222.*compare=221/)
    const again = await context.newPage()
    await again.goto(served.url + link)
    await expect.poll(() => heading(again)).toBe('State after event 222')
    await expect.poll(() => again.locator('#state-body').innerText()).toContain('After event 221 and after event 222')
    expect(errors).toEqual([])
    await context.close()
  })

  test('finds when a field changes, filters and bisects with the expressions of the command', async () => {
    const { context, page } = await open(browser, `${served.url}#v=1&at=100&row=pfn0.0`)
    await page.locator('.device[open]').getByRole('button', { name: 'driver', exact: true }).click()
    await expect.poll(() => heading(page)).toBe('State after event 102')
    await page.locator('.device[open]').getByRole('button', { name: 'driver', exact: true }).click()
    await expect.poll(() => heading(page)).toBe('State after event 234')
    await page.locator('.device[open]').getByRole('button', { name: 'To the previous change of driver.state' }).click()
    await expect.poll(() => heading(page)).toBe('State after event 102')
    await page.locator('.device[open]').getByRole('button', { name: 'To the previous change of driver.state' }).click()
    await expect.poll(() => heading(page)).toBe('State after event 100')
    await page.locator('.device[open]').getByRole('button', { name: 'To the previous change of driver.state' }).click()
    await expect.poll(() => spoken(page)).toContain('driver.state of pfn0.0 does not change before event 100')
    await page.locator('#search').fill('disk.state == "removed"')
    await page.getByRole('button', { name: 'First true' }).click()
    await expect.poll(() => heading(page)).toBe('State after event 109')
    await page.locator('#search').fill('type == "kernel/warned"')
    await page.keyboard.press('Enter')
    const list = page.locator('.events .list button')
    await expect.poll(() => list.count()).toBe(2)
    await page.locator('#search').fill('typo == 1')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.getByRole('alert').first().innerText()).toContain('no event has a field "typo"')
    await context.close()
  })

  test('does all that by keyboard alone, and says what it does', async () => {
    const { context, page, errors } = await open(browser, packed)
    await page.keyboard.press('n')
    await expect.poll(() => heading(page)).toBe('State after event 113')
    await page.keyboard.press('n')
    await expect.poll(() => spoken(page)).toContain('event 224, memremap/memory-removed on pfn0.0, at 9.432496 seconds')
    await page.keyboard.press(',')
    await expect.poll(() => heading(page)).toBe('State after event 223')
    await page.keyboard.press(']')
    await page.keyboard.press(']')
    await expect.poll(() => heading(page)).toBe('State after event 225')
    await page.keyboard.press('[')
    await expect.poll(() => heading(page)).toBe('State after event 224')
    await page.keyboard.press('w')
    await page.keyboard.press('d')
    expect(await linkOf(page, /view=\d+-\d+/)).toContain('at=224')
    // Rows, one after the other, with what they show in words.
    const row = page.getByRole('button', {
      name: /^pfn0\.0 nd-pfn ?: unbinding by nd_pmem; pagemap unmapping, ref dying 0; 16 pages referenced/,
    })
    await row.focus()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toContain('namespace0.1 nd-namespace: unbound')
    expect(await page.getByRole('list', { name: 'States of namespace0.1 in view' }).getByRole('button').count()).toBeGreaterThan(0)
    await page.keyboard.press('/')
    expect(await page.evaluate('document.activeElement.id')).toBe('search')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
    expect(errors).toEqual([])
    await context.close()
  })

  test('one file works from disk, asks for nothing, and keeps bookmarks', async () => {
    using scratch = new Scratch()
    const { context, page, errors, requests } = await open(browser, `${packed}#v=1&at=224&selected=224`)
    await expect.poll(() => heading(page)).toBe('State after event 224')
    await page.keyboard.press('b')
    await page.getByText('Bookmarks (1)').click()
    await page.getByRole('textbox', { name: 'Note of bookmark 1' }).fill('here </script><b>it</b> broke')
    await page.keyboard.press('Tab')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Save as one file/ }).click()])
    const copy = scratch.path('copy.html')
    await download.saveAs(copy)
    expect(requests.filter((asked) => !asked.startsWith('file:') && !asked.startsWith('blob:') && !asked.startsWith('data:'))).toEqual([])
    expect(errors).toEqual([])
    await context.close()
    const again = await open(browser, pathToFileURL(copy).href)
    await again.page.getByText('Bookmarks (1)').click()
    expect(await again.page.getByRole('textbox', { name: 'Note of bookmark 1' }).inputValue()).toBe('here </script><b>it</b> broke')
    await again.page.getByRole('link', { name: 'go' }).click()
    await expect.poll(() => heading(again.page)).toBe('State after event 224')
    expect(again.errors).toEqual([])
    await again.context.close()
  })

  test.each(['light', 'dark'] as const)('axe finds nothing serious (%s)', async (scheme) => {
    const { context, page } = await open(browser, `${packed}#v=1&at=224&selected=224&row=pfn0.0`, { scheme })
    await page.locator('.causes').waitFor()
    expect(await wrongIn(page)).toEqual([])
    await page.getByRole('tab', { name: 'Tasks' }).click()
    await page.locator('.tasks').waitFor()
    expect(await wrongIn(page)).toEqual([])
    await page.keyboard.press('n')
    await page.locator('.violation').waitFor()
    await page.getByRole('tab', { name: 'Memory map' }).click()
    await page.locator('.tree').waitFor()
    expect(await wrongIn(page)).toEqual([])
    await page.keyboard.press('m')
    await page.locator('#search').fill('100')
    await page.keyboard.press('Enter')
    await page.locator('.changes').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('b')
    await page.getByText('Bookmarks (1)').click()
    expect(await wrongIn(page)).toEqual([])
    await page.getByText('Bookmarks (1)').click()
    // A filter with what it finds, and one that is wrong.
    await page.locator('#search').fill('type == "kernel/warned"')
    await page.keyboard.press('Enter')
    await page.locator('.fits [role=status]').waitFor()
    expect(await wrongIn(page)).toEqual([])
    await page.locator('#search').fill('typo == 1')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').first().waitFor()
    await page.locator('body').click({ position: { x: 2, y: 2 } })
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    expect(await wrongIn(page)).toEqual([])
    await context.close()
  })

  test('a list of all events is one list: it scrolls from end to end, and keys lead through it', async () => {
    const { context, page, errors } = await open(browser, `${served.url}#v=1&at=1`)
    const list = page.locator('.events .list')
    await list.getByRole('button', { name: /^1 / }).waitFor()
    await page.evaluate('document.querySelector(".events .list").scrollTo(0, 1e6)')
    await list.getByRole('button', { name: /^314 .*log\/ended/ }).click()
    await expect.poll(() => heading(page)).toBe('State after event 314')
    await page.keyboard.press('PageUp')
    await expect.poll(() => heading(page)).not.toBe('State after event 314')
    await page.keyboard.press('ArrowUp')
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-current")')).toBe('true')
    // Only what is in view is there, and says where in the whole it is.
    expect(await list.locator('li').count()).toBeLessThan(40)
    expect(await list.locator('li').first().getAttribute('aria-setsize')).toBe('314')
    expect(errors).toEqual([])
    await context.close()
  })

  test('where one looks closely into a long log, each event and each band is there', async () => {
    using scratch = new Scratch()
    const log = await writeSimulated(scratch.folder, 30_000)
    await using server = await serve(scratch, log)
    const { context, page, errors } = await open(browser, `${server.url}#v=1&at=20000&axis=events&view=20000-20060&row=pfn3.0`)
    const { out } = await scratch.run(['events', log, '--device', 'pfn3.0', '--from', '20000', '--to', '20060', '--json'])
    const seqs = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq)
    expect(seqs.length).toBeGreaterThan(0)
    const events = page.getByRole('list', { name: 'Events of pfn3.0 in view' }).getByRole('button')
    await expect.poll(() => events.allInnerTexts()).toEqual(seqs.map((seq) => `event ${seq} of pfn3.0`))
    // And what a band says is the state there.
    const held = await scratch.run(['refs', log, '--device', 'pfn3.0', '--at', String(seqs[0]), '--json'])
    const { refs } = JSON.parse(held.out) as { refs: { pages?: number }[] }
    const pages = refs.reduce((sum, ref) => sum + (ref.pages ?? 0), 0)
    const bands = page.getByRole('list', { name: 'States of pfn3.0 in view' }).getByRole('button')
    await expect.poll(() => bands.allInnerTexts()).toContain(`pages of pfn3.0: ${pages} pages referenced, from event ${seqs[0]}`)
    // From far away many events are one.
    await page.keyboard.press('f')
    await page.keyboard.press('f')
    await expect.poll(() => events.first().innerText()).toMatch(/^\d+ events of pfn3\.0 from event \d+ on$/)
    expect(errors).toEqual([])
    await context.close()
  })

  test('says so when the log is cut, is deleted, or its server ends', async () => {
    using scratch = new Scratch()
    const folder = scratch.path('going')
    await writeLog(folder, ['first', 'second', 'third'].map(found))
    const segment = join(folder, 'segments', '00000001.seg')
    const server = await serve(scratch, folder)
    const { context, page } = await open(browser, `${server.url}#v=1&at=1`)
    const alert = page.getByRole('alert')
    truncateSync(segment, 200)
    await expect
      .poll(() => alert.first().innerText(), { timeout: 20_000 })
      .toMatch(/the log was cut: it ends with event 0, and had 3|damage/)
    rmSync(folder, { recursive: true })
    await expect.poll(() => alert.first().innerText(), { timeout: 20_000 }).toContain('the log is no longer there')
    // What was read is still shown.
    expect(await page.locator('.rows strong').allInnerTexts()).toEqual(['first', 'second', 'third'])
    await server[Symbol.asyncDispose]()
    await expect.poll(() => alert.first().innerText(), { timeout: 20_000 }).toContain('devtrail serve cannot be reached')
    await context.close()
  })

  test('goes on while the log grows', async () => {
    using scratch = new Scratch()
    const folder = scratch.path('growing')
    await writeLog(folder, ['first', 'second'].map(found))
    await using server = await serve(scratch, folder)
    const { context, page, errors } = await open(browser, `${server.url}#v=1&at=1`)
    expect(await page.locator('.reading').innerText()).toBe('2 devices')
    await using writer = await appendFileLog(folder, vocabulary)
    await writer.append([found('third', 2)])
    await writer.flush('written')
    await expect.poll(() => page.locator('.reading').innerText()).toBe('3 devices')
    await writer.append([found('fourth', 3)])
    await writer.flush('written')
    await expect.poll(() => page.locator('.reading').innerText()).toBe('4 devices')
    await page.getByRole('button', { name: 'To the end' }).click()
    await expect.poll(() => page.locator('.detail').innerText()).toContain('fourth')
    expect(errors).toEqual([])
    await context.close()
  })

  test('a malicious log changes nothing but its own text', async () => {
    using scratch = new Scratch()
    const names = [
      '<img src=x onerror=window.hurt=1>',
      '</script><script>window.hurt=1</script>',
      '\u0000\u0007\u001b[31m\u202epmem\u2028',
      '__proto__',
      '"onfocus="window.hurt=1" autofocus="',
      'javascript:window.hurt=1',
    ]
    const many = Array.from({ length: 3000 }, (_, i) => `dev${i}`)
    const folder = scratch.path('</script><script>window.hurt=1<')
    await writeLog(folder, [...names, ...many].map(found))
    const { context, page, errors } = await open(browser, `${await exported(scratch, folder)}#v=1&at=6&selected=6`)
    expect(await page.locator('.reading').innerText()).toBe('2000 of 3006 devices')
    // Those that are not told at once are found by name.
    const named = page.getByRole('textbox', { name: 'Only rows whose name has this in it' })
    await named.fill('dev299')
    await expect.poll(() => page.locator('.reading').innerText()).toBe('11 of 11 in 3006 devices')
    expect(await page.locator('.rows strong').first().innerText()).toBe('dev299')
    await named.fill('no such')
    await expect.poll(() => page.locator('.reading').innerText()).toBe('0 of 0 in 3006 devices')
    await named.fill('')
    await expect.poll(() => page.locator('.reading').innerText()).toBe('2000 of 3006 devices')
    await expect.poll(() => page.locator('.detail').innerText()).toContain('javascript:window.hurt=1')
    await page.locator('.row').first().click()
    await page.keyboard.press('.')
    await expect.poll(() => page.locator('.rows strong').allInnerTexts()).toContain('<img src=x onerror=window.hurt=1>')
    expect(await page.evaluate('window.hurt')).toBeUndefined()
    expect(await page.evaluate('({}).polluted')).toBeUndefined()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('#devtrail script').count()).toBe(0)
    expect(errors).toEqual([])
    await context.close()
  })
})

describe.skipIf(!hasBrowser)('the pictures of the README', () => {
  test.each(['light', 'dark'] as const)('the crash, %s', async (scheme) => {
    const view = '#v=1&at=224&selected=224&rule=memremap%2Freferenced-at-removal&row=pfn0.0&axis=events&view=95-240'
    const { context, page } = await open(browser, packed + view, { scheme })
    await expect.poll(() => heading(page)).toBe('State after event 224')
    await page.locator('.violation').waitFor()
    await page.locator('.strip').waitFor()
    const committed = join(ROOT, `apps/viewer/pictures/crash-${scheme}.png`)
    const update = process.env['README_UPDATE'] === '1'
    const picture = await page.screenshot(update ? { path: committed } : {})
    // Fonts differ from machine to machine: the size tells that it is a picture of the same page.
    expect(sizeOf(readFileSync(committed))).toEqual(sizeOf(picture))
    await context.close()
  })
})

/** Width and height of a PNG. */
const sizeOf = (png: Buffer): number[] => [png.readUInt32BE(16), png.readUInt32BE(20)]

test('the page is small enough to be sent with every log', () => {
  const page = join(ROOT, 'apps/replay/page')
  const bytes = ['viewer.js', 'viewer.css', 'worker.js'].map((file) => gzipSync(readFileSync(join(page, file))).length)
  expect(statSync(page).isDirectory()).toBe(true)
  expect(bytes.reduce((sum, n) => sum + n, 0)).toBeLessThan(PAGE_BYTES_MAX)
})
