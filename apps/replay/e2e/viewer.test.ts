/** The viewer as people use it: in a browser, by pointer, by keyboard alone, and by what a screen reader is told. */
import { createRequire } from 'node:module'
import { readFileSync, statSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, launch, open } from './browser.ts'
import { recording, ROOT, Scratch } from './devtrail.ts'
import { serve } from './serving.ts'
import { expectPicture, exported, heading, linkOf, spoken } from './viewer-page.ts'

const CRASH = recording('fsdax-pinned-unbind')
/** Bytes that the page may have, compressed, without a log. */
const PAGE_BYTES_MAX = 250_000

let browser: Browser
/** The crash, served and as one file, for all tests that do not change it. */
const shared = new Scratch()
let served: Awaited<ReturnType<typeof serve>>
let packed: string
beforeAll(async () => {
  if (!hasBrowser) return
  ;[browser, served, packed] = await Promise.all([launch(), serve(shared, CRASH), exported(shared, CRASH)])
})
afterAll(async () => {
  await browser?.close()
  await served?.[Symbol.asyncDispose]()
  shared[Symbol.dispose]()
})

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
    // Whose pages they are, and through which lookup they were taken.
    await state.getByRole('button', { name: 'event 38' }).click()
    await expect.poll(() => detail.innerText()).toMatch(/event 38, .* by pin \(135\)[^]*event 37 memremap\/grab-started/)
    expect(await detail.innerText()).toMatch(/Through the lookup\s+event 36 memremap\/looked-up/)
    await page.keyboard.press('n')
    await page.keyboard.press('n')
    await expect.poll(() => heading(page)).toBe('State after event 224')
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
    // What the baseline says was no change.
    await page.locator('.device').filter({ hasText: 'namespace0.1' }).locator('summary').click()
    await page
      .locator('.device')
      .filter({ hasText: 'namespace0.1' })
      .getByRole('button', { name: 'To the previous change of driver.state' })
      .click()
    await expect.poll(() => spoken(page)).toContain('driver.state of namespace0.1 does not change before event 100')
    await page.locator('#search').fill('disk.state == "removed"')
    await page.getByRole('button', { name: 'First true' }).click()
    await expect.poll(() => heading(page)).toBe('State after event 109')
    await page.locator('#search').fill('type == "kernel/warned"')
    await page.keyboard.press('Enter')
    const list = page.locator('.events .list button')
    await expect.poll(() => list.count()).toBe(2)
    await page.locator('#search').fill('typo == 1')
    await page.keyboard.press('Enter')
    const alert = page.getByRole('alert')
    const events = page.locator('.events')
    // Nothing is said to fit, or not to fit, what has no meaning: neither now nor when one travels on.
    for (const [key, where] of [
      ['Escape', 'State after event 109'],
      [']', 'State after event 110'],
    ] as const) {
      await page.locator('#search').press('Escape')
      await page.locator('h1').click()
      await page.keyboard.press(key)
      await expect.poll(() => heading(page)).toBe(where)
      await expect.poll(() => alert.first().innerText()).toContain('no event has a field "typo"')
      expect(await events.innerText()).not.toContain('fit')
    }
    for (const number of ['9.5', '-1', '0x109300']) {
      await page.locator('#search').fill(number)
      await page.keyboard.press('Enter')
      await expect.poll(() => alert.first().innerText()).toContain('a number alone is no filter')
    }
    await context.close()
  })

  test('the list of one filter is never shown as that of another', async () => {
    const { context, page, errors } = await open(browser, `${served.url}#v=1&at=224&where=type+%3D%3D+%22kernel%2Fwarned%22`)
    const events = page.locator('.events')
    await expect.poll(() => events.innerText()).toContain('2 events fit')
    // Whatever stands there while the next is sought.
    await page.evaluate(`
      globalThis.shown = []
      new MutationObserver(() => shown.push(document.querySelector('.events').innerText)).observe(document.body, { subtree: true, childList: true, characterData: true })
    `)
    await page.locator('#search').fill('pfn == 0x109300')
    await page.keyboard.press('Enter')
    await expect.poll(() => events.innerText()).toContain('7 events fit')
    const shown = await page.evaluate<string[]>('shown')
    expect(shown.length).toBeGreaterThan(0)
    const wrong = shown.slice(shown.findIndex((text) => text.includes('searching'))).filter((text) => text.includes('2 events fit'))
    expect(shown.some((text) => text.includes('searching'))).toBe(true)
    expect(wrong).toEqual([])
    expect(errors).toEqual([])
    await context.close()
  })

  test('says what of a link the log does not have', async () => {
    const { context, page, errors } = await open(browser, `${served.url}#v=1&at=9999&compare=500&row=pfn7.0&tab=compare`)
    const alert = page.getByRole('alert')
    await expect
      .poll(() => alert.locator('li').allInnerTexts())
      .toEqual([
        'the link is about event 9999; this log has events 1 to 314, and event 314 is shown',
        'the link compares with event 500; this log has events 1 to 314, and it is event 314',
        'the link is about the row “pfn7.0”, which this log does not have',
      ])
    await page.evaluate(`location.hash = '#v=1&at=abc&row=pfn0.0'`)
    await expect.poll(() => alert.locator('li').allInnerTexts()).toEqual(['the link’s “at=abc” cannot be read, and is left out'])
    // Also one that is opened while the address is about to follow what one did: the browser tells of it a moment later.
    await page.evaluate(`new Promise((resolve) => {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '[', bubbles: true }))
      history.replaceState(null, '', '#v=1&at=abc&row=pfn0.0&tab=memory')
      setTimeout(() => resolve(dispatchEvent(new HashChangeEvent('hashchange'))), 400)
    })`)
    await expect.poll(() => page.getByRole('tab', { name: 'Memory map' }).getAttribute('aria-selected')).toBe('true')
    expect(await alert.locator('li').count()).toBe(1)
    // Whoever goes on is where the link says.
    await page.keyboard.press('[')
    await expect.poll(() => heading(page)).toBe('State after event 313')
    expect(await alert.count()).toBe(0)
    expect(errors).toEqual([])
    await context.close()
  })

  test('leads back from a cause, to earlier changes only, and takes the view along', async () => {
    const { context, page, errors } = await open(browser, `${served.url}#v=1&at=150&row=pfn0.0`)
    const before = (path: string): Promise<void> =>
      page
        .locator('.device[open]')
        .getByRole('button', { name: `To the previous change of pagemaps[0x100000000].${path}` })
        .click()
    // That of the reference was told by a later event, of all the time before.
    await before('ref')
    await expect.poll(() => spoken(page)).toContain('ref of pfn0.0 does not change before event 150')
    expect(await heading(page)).toBe('State after event 150')
    // A view that is travelled out of follows; so does where the whole log is shown again near an end of it.
    await page.goto(`${served.url}#v=1&at=20&axis=events&view=10-30`)
    await expect.poll(() => heading(page)).toBe('State after event 20')
    await page.keyboard.press('n')
    await expect.poll(() => heading(page)).toBe('State after event 113')
    await linkOf(page, /at=113.*view=103-123/)
    await page.keyboard.press('End')
    await linkOf(page, /at=314.*view=29\d-31\d/)
    await page.keyboard.press('f')
    await page.waitForURL((url) => !url.hash.includes('view='))
    // Causes and evidence are links: the browser's way back leads where one came from.
    await page.goto(`${served.url}#v=1&at=224&selected=224`)
    await page.locator('.causes').getByRole('button').first().click()
    await expect.poll(() => heading(page)).not.toBe('State after event 224')
    await page.goBack()
    await expect.poll(() => heading(page)).toBe('State after event 224')
    expect(errors).toEqual([])
    await context.close()
  })

  test('says who holds what of memory that is gone, and shows the state of every row', async () => {
    const { context, page, errors } = await open(browser, `${served.url}#v=1&at=314&tab=refs`)
    const state = page.locator('#state-body')
    await expect
      .poll(() => state.innerText())
      .toContain('16 pages 0x109300..0x10930f, count 2, FOLL_GET by pin (135), since event 38 to event 98')
    expect(await state.innerText()).toContain('of memory that is gone')
    await page.getByRole('tab', { name: 'Devices' }).click()
    await page.locator('.row', { hasText: 'nmem0' }).click()
    await expect.poll(() => page.locator('.device[open] summary').innerText()).toContain('nmem0')
    // What is different is marked where it stands.
    await page.goto(`${served.url}#v=1&at=224&row=pfn0.0&compare=37`)
    await expect.poll(() => page.locator('.device[open] dt.changed').allInnerTexts()).toContainEqual(expect.stringContaining('state'))
    await page.getByRole('tab', { name: 'Compare' }).click()
    await expect.poll(() => state.innerText()).toContain('pageRefs[0x109300..0x10930f]')
    expect(errors).toEqual([])
    await context.close()
  })

  test('says of which namespace pages are whose device is not known', async () => {
    using scratch = new Scratch()
    await using hang = await serve(scratch, recording('fsdax-truncate-hang'))
    const { context, page, errors } = await open(browser, `${hang.url}#v=1&at=4114&tab=refs`)
    const state = page.locator('#state-body')
    await expect.poll(() => state.getByRole('heading').allInnerTexts()).toEqual(['namespace0.0 or who claims it'])
    expect(await state.innerText()).toContain('≥ 1024 pages from 0x109300')
    // What is only possible is not compared as if it were sure.
    await page.goto(`${hang.url}#v=1&at=30&compare=10&tab=compare`)
    await expect.poll(() => state.innerText()).toMatch(/\.state\s+\?\s+became\s+→ \? perhaps live/)
    expect(errors).toEqual([])
    await context.close()
  })

  test('does as the pointer says: a tick, a moment, the overview, and how near one looks', async () => {
    const { context, page, errors } = await open(browser, `${served.url}#v=1&at=100&axis=events&view=95-240&row=pfn0.0`)
    const box = (await page.locator('.timeline canvas').boundingBox())!
    const x = (seq: number): number => box.x + ((seq - 95) / 145) * box.width
    const pressed = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
      await page.mouse.move(...from)
      await page.mouse.down()
      await page.mouse.move(...to, { steps: 3 })
      await page.mouse.up()
    }
    // A little before the tick it is still that tick, and above the ticks the moment. The ticks stand below four lanes.
    const ticks = box.y + 86 + 7 + 4 * 19 + 6
    await page.mouse.click(x(224) - 3, ticks)
    await expect.poll(() => heading(page)).toBe('State after event 224')
    await page.mouse.click(x(224) - 3, ticks - 50)
    await expect.poll(() => heading(page)).toBe('State after event 223')
    // Another row is chosen by a click into it.
    await page.mouse.click(x(150) + 2, box.y + 86 + 104 + 10)
    await expect.poll(() => heading(page)).toBe('State after event 150')
    expect(await linkOf(page, /at=150/)).toContain('row=namespace0.1')
    await pressed([x(150), box.y + 45], [x(200) + 2, box.y + 45])
    await expect.poll(() => heading(page)).toBe('State after event 200')
    // A drag in the rows takes them along.
    await pressed([x(200), box.y + 300], [x(171), box.y + 300])
    await page.waitForURL(/view=124-269/)
    await page.keyboard.down('Control')
    await page.mouse.move(x(95), box.y + 300)
    await page.mouse.wheel(0, -400)
    await page.keyboard.up('Control')
    await page.waitForURL(/view=124-177/)
    await page.mouse.click(box.x + box.width - 2, box.y + 10)
    await page.waitForURL(/view=262-316/)
    expect(errors).toEqual([])
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
    // However far down, the focus is on the row one has come to; from there Tab leads to its bands, and arrows along them.
    await page.keyboard.press('End')
    const focused = (): Promise<unknown> => page.evaluate('document.activeElement.textContent')
    const last = page.locator('.row').last()
    await expect.poll(focused).toBe(await last.textContent())
    await page.keyboard.press('Tab')
    const bands = page.locator('.rows li.current .unseen').getByRole('button')
    await expect.poll(focused).toBe(await bands.first().textContent())
    expect(await page.locator('.row').count()).toBeGreaterThan(6)
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
    await page.getByRole('tab', { name: 'References' }).click()
    await page.locator('.refs').waitFor()
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
})

describe.skipIf(!hasBrowser)('the pictures of the README', () => {
  test.each(['light', 'dark'] as const)('the crash, %s', async (scheme) => {
    const view = '#v=1&at=224&selected=224&rule=memremap%2Freferenced-at-removal&row=pfn0.0&axis=events&view=95-240'
    const { context, page } = await open(browser, packed + view, { scheme })
    await expect.poll(() => heading(page)).toBe('State after event 224')
    await page.locator('.violation').waitFor()
    await page.locator('.strip').waitFor()
    await page.locator('.events .list').getByRole('button', { name: /^224 / }).waitFor()
    await expectPicture(page, `crash-${scheme}`)
    await context.close()
  })
})

test('the page is small enough to be sent with every log', () => {
  const page = join(ROOT, 'apps/replay/page')
  const bytes = ['viewer.js', 'viewer.css', 'worker.js'].map((file) => gzipSync(readFileSync(join(page, file))).length)
  expect(statSync(page).isDirectory()).toBe(true)
  expect(bytes.reduce((sum, n) => sum + n, 0)).toBeLessThan(PAGE_BYTES_MAX)
})
