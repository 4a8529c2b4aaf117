/** The viewer on logs of other kinds: long ones, such as change while one looks, such as lack their head, of several hosts, hostile ones. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { appendFileLog, createFileLog, openFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { models, vocabulary } from '@devtrail/survey'
import { History, partsOf } from '@devtrail/time-travel'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeSimulated } from '../bench/simulated-log.ts'
import { foldVersion } from '../dist/logs/code-version.js'
import { hasBrowser, launch, open } from './browser.ts'
import { recording, ROOT, Scratch } from './devtrail.ts'
import { serve } from './serving.ts'
import { expectPicture, exported, heading, linkOf, spoken } from './viewer-page.ts'
import { writeLog } from './written-log.ts'

let browser: Browser
beforeAll(async () => {
  if (hasBrowser) browser = await launch()
})
afterAll(async () => browser?.close())

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

/** The same, on a bus. */
const on = (name: string, bus: string, i: number): AnyEvent => {
  const event = found(name, i)
  return { ...event, data: { ...event.data, bus } }
}

/** A log of what comes behind an event of another one, whose head it lacks, with a keyframe of what was then. */
async function withoutHead(scratch: Scratch, of: string, gone: number): Promise<string> {
  const folder = scratch.path('headless')
  await using reader = await openFileLog(of, vocabulary)
  const { machine } = await new History(reader, models).at({ kind: 'seq', seq: gone })
  let events = 0
  for await (const { seq } of reader.read({ to: gone })) events += seq <= gone ? 1 : 0
  const writer = await createFileLog(folder, reader.meta, vocabulary, { gone: { events, seq: gone } })
  await writer.keyframe(foldVersion(), { at: gone, since: null, parts: partsOf(machine) })
  for await (const event of reader.read({ from: gone + 1 })) await writer.append([event])
  await writer.close()
  return folder
}

describe.skipIf(!hasBrowser)('the viewer', () => {
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
    const types = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    await expect.poll(() => events.allInnerTexts()).toEqual(seqs.map((seq, i) => `event ${seq} of pfn3.0: ${types[i]}`))
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
    await writeLog(folder, ['another'].map(found))
    await expect.poll(() => alert.first().innerText(), { timeout: 20_000 }).toContain('another log is in its place now')
    rmSync(folder, { recursive: true })
    await expect.poll(() => alert.first().innerText(), { timeout: 20_000 }).toContain('the log is no longer there')
    // What was read is still shown.
    expect(await page.locator('.rows strong').allInnerTexts()).toEqual(['first', 'second', 'third'])
    await server[Symbol.asyncDispose]()
    await expect.poll(() => alert.first().innerText(), { timeout: 20_000 }).toContain('devtrail serve cannot be reached')
    await context.close()
  })

  test('shows a damaged log up to where it can be read', async () => {
    using scratch = new Scratch()
    const log = await writeSimulated(scratch.folder, 30_000)
    const segment = join(log, 'segments', '00000001.seg')
    const bytes = readFileSync(segment)
    const middle = bytes.length >> 1
    bytes[middle] = bytes[middle]! ^ 1
    writeFileSync(segment, bytes)
    await using server = await serve(scratch, log)
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${server.url}#v=1&at=100`)
    const reading = page.locator('.reading')
    await expect.poll(() => reading.innerText(), { timeout: 20_000 }).toMatch(/^read up to event \d+$/)
    const upTo = Number((await reading.innerText()).split(' ').at(-1))
    expect(upTo).toBeGreaterThan(100)
    expect(upTo).toBeLessThan(30_000)
    expect(await page.getByRole('alert').allInnerTexts()).toEqual([expect.stringContaining('wrong checksum')])
    await page.getByText('note about what the recording cannot tell').click()
    expect(await page.locator('.notes').innerText()).toContain(`end at event ${upTo}: what follows cannot be read`)
    // What is not damaged is there.
    await expect.poll(() => heading(page)).toBe('State after event 100')
    expect(await page.locator('.rows strong').count()).toBeGreaterThan(0)
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
    // What it asks for while there is no way to the server it is told when there is one again.
    await context.route('**/*', (route) => route.abort())
    await writer.append([found('unheard', 4)])
    await writer.flush('written')
    const away = [expect.stringContaining('devtrail serve cannot be reached')]
    await expect.poll(() => page.getByRole('alert').allInnerTexts()).toEqual(away)
    await page.locator('#search').fill('driver.state == "bound"')
    await page.getByRole('button', { name: 'First true' }).click()
    await page.locator('#search').fill('device == "second"')
    await page.keyboard.press('Enter')
    await page.getByRole('tab', { name: 'Tasks' }).click()
    expect(await page.getByRole('alert').allInnerTexts()).toEqual(away)
    await context.unroute('**/*')
    await expect.poll(() => page.locator('.reading').innerText()).toBe('5 devices')
    const list = page.locator('.events .list button')
    await expect.poll(() => list.allInnerTexts()).toEqual([expect.stringContaining('name=second')])
    await expect.poll(() => page.locator('.state').innerText()).toContain('No task')
    await page.getByRole('button', { name: 'All events' }).click()
    expect(await page.getByRole('alert').count()).toBe(0)
    // Also while its server was away.
    await server[Symbol.asyncDispose]()
    await expect.poll(() => page.getByRole('alert').count()).toBe(1)
    await writer.append([found('sixth', 5)])
    await writer.flush('written')
    await using again = await serve(scratch, folder, '--port', new URL(server.url).port)
    expect(again.url).toBe(server.url)
    await expect.poll(() => page.locator('.reading').innerText()).toBe('6 devices')
    expect(await page.getByRole('alert').count()).toBe(0)
    await context.close()
  })

  test('shows a log without its head from where it is known on, served and packed', async () => {
    using scratch = new Scratch()
    const whole = scratch.path('whole')
    await scratch.run(['import', recording('fsdax-pinned-unbind'), '-o', whole])
    const log = await withoutHead(scratch, whole, 200)
    for (const packed of [false, true]) {
      await using server = packed ? null : await serve(scratch, log)
      const { context, page, errors } = await open(
        browser,
        `${server?.url ?? (await exported(scratch, log))}#v=1&at=3&compare=1&tab=compare`,
      )
      expect(await page.locator('.notes').innerText()).toContain('about what the recording cannot tell')
      await page.locator('.notes summary').click()
      expect(await page.locator('.notes').innerText()).toContain('its first 200 events are gone; it is known from event 200 on')
      // What is asked of what is gone is answered as of where it begins.
      await expect.poll(() => heading(page)).toBe('State after event 200')
      expect(await page.getByRole('slider', { name: 'Event' }).getAttribute('min')).toBe('200')
      const list = page.locator('.events .list')
      await list.getByRole('button', { name: /^201 / }).waitFor()
      expect(await list.locator('li').first().getAttribute('aria-setsize')).toBe('114')
      await page.keyboard.press('[')
      await expect.poll(() => heading(page)).toBe('State after event 200')
      await page.keyboard.press(']')
      await expect.poll(() => heading(page)).toBe('State after event 201')
      await page.getByRole('button', { name: /referenced-at-removal at event 224/ }).click()
      await expect.poll(() => page.locator('.detail').innerText()).toContain('were still referenced, by pin (pid 135)')
      await expect.poll(() => page.locator('.state').innerText()).toContain('After event 200 and after event 224')
      // What of it holds since before the head was lost.
      await page.getByRole('tab', { name: 'Devices' }).click()
      await expect.poll(() => page.locator('.state').innerText()).toContain('16 pages from 0x109300')
      const bands = await page.getByRole('list', { name: 'States of pfn0.0 in view' }).getByRole('button').allInnerTexts()
      expect(bands).toContain('pages of pfn0.0: 16 pages referenced, from event 200')
      await page.locator('#search').fill('100')
      await page.keyboard.press('Enter')
      await expect
        .poll(() => page.getByRole('alert').first().innerText())
        .toContain('event 100 is gone with the head of the log: it is known from event 200 on')
      expect(errors).toEqual([])
      await context.close()
    }
  })

  test('shows several hosts one below the other, how sure their clocks are, and what is of each', async () => {
    using scratch = new Scratch()
    const both = scratch.path('both.log')
    const recorded = join(ROOT, 'recordings/two-hosts')
    await scratch.run(['merge', join(recorded, 'web'), join(recorded, 'db'), '-o', both])
    await using server = await serve(scratch, both)
    const { context, page, errors } = await open(browser, `${server.url}#v=1&at=28&selected=28&view=12800000000-12950000000&row=web:btt0.1`)
    const { hosts } = await scratch.json<{ hosts: { name: string; offset: { first: string } }[] }>(['info', both])
    const head = page.locator('.rows .host').first()
    const named = page.getByRole('textbox', { name: 'Only rows whose name has this in it' })
    await named.fill('db:')
    await expect.poll(() => head.innerText()).toMatch(/^host\s+db\s+clock\s+\+4\.\d{6} s ±\d+\.\d+ ms by pairs$/)
    expect(await head.innerText()).toContain(hosts[1]!.offset.first.slice(0, 8))
    await named.fill('')
    await expect.poll(() => head.innerText()).toMatch(/^host\s+web\s+reference clock$/)
    const keys = await page.locator('.rows .row').evaluateAll((rows) => rows.map((row) => row.textContent))
    expect(keys[0]).toMatch(/^web: namespace0\.0 /)
    // An event whose place among those of the other host is not known.
    const told = await scratch.run(['why', both, '28'])
    const sure = told.out.trim().split('\n').at(-1)!
    expect(sure).toContain('may have happened before or after it')
    await expect.poll(() => page.locator('.detail').innerText()).toContain(`~ ${sure}.`)
    expect(await page.locator('.detail').innerText()).toContain('host db')
    await expect.poll(() => page.locator('.events [aria-current=true]').innerText()).toMatch(/~\d+\.\d+[^]*db: /)
    // The memory of each machine.
    await page.getByRole('tab', { name: 'Memory map' }).click()
    await expect.poll(() => page.locator('.state h3').allInnerTexts()).toEqual(['web', 'db'])
    const iomem = await scratch.json<{ iomem: unknown[] }>(['iomem', both, '--host', 'db', '--at', '28'])
    expect(await page.locator('.state section').last().locator('.tree > ul > li').count()).toBe(iomem.iomem.length)
    // Expressions and positions name hosts as those of the command do.
    await page.locator('#search').fill('host == "db" and type == "kernel/marked"')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('.events .list button').first().innerText()).toMatch(/kernel\/marked/)
    await page.locator('#search').fill('device("db:namespace0.0").driver.state == "unbound"')
    await page.getByRole('button', { name: 'First true' }).click()
    const asked = await scratch.json<{ first: { seq: number } }>([
      'bisect',
      both,
      '--when',
      'device("db:namespace0.0").driver.state == "unbound"',
    ])
    await expect.poll(() => heading(page)).toBe(`State after event ${asked.first.seq}`)
    await page.locator('#search').fill('db:@20')
    await page.keyboard.press('Enter')
    const { at } = await scratch.json<{ at: { seq: number } }>(['state', both, '--at', 'db:@20'])
    await expect.poll(() => heading(page)).toBe(`State after event ${at.seq}`)
    // What the log says of itself has no time: the axis begins with what happened.
    await page.goto(`${server.url}#v=1&at=28`)
    await page.locator('body').click({ position: { x: 2, y: 2 } })
    await page.keyboard.press('w')
    expect(Number(/view=(\d+)/.exec(await linkOf(page, /view=\d+-\d+/))![1])).toBeGreaterThan(11e9)
    // The picture of the documents.
    await page.locator('#search').fill('')
    await page.keyboard.press('Enter')
    await page.locator('body').click({ position: { x: 2, y: 2 } })
    await page.goto(`${server.url}#v=1&at=28&selected=28&named=namespace0.0&row=db%3Anamespace0.0&view=12840000000-13060000000`)
    await expect.poll(() => heading(page)).toBe('State after event 28')
    await expect.poll(() => page.locator('.rows .host').count()).toBe(2)
    await page.locator('.detail .headline').waitFor()
    await expectPicture(page, 'hosts')
    expect(errors).toEqual([])
    await context.close()
  })

  test('keeps to a row whose name turns out to be shared, and says so', async () => {
    using scratch = new Scratch()
    const folder = scratch.path('shared')
    await writeLog(folder, [on('pfn0.0', 'nd', 0), on('dax0.0', 'nd', 1)])
    await using server = await serve(scratch, folder)
    const { context, page, errors } = await open(browser, `${server.url}#v=1&at=1&row=dax0.0`)
    await using writer = await appendFileLog(folder, vocabulary)
    await writer.append([on('dax0.0', 'dax', 2)])
    await writer.flush('written')
    await expect.poll(() => page.locator('.rows .row[aria-current=true] strong').allInnerTexts()).toEqual(['nd/dax0.0'])
    await expect.poll(() => spoken(page)).toBe('dax0.0 is now called nd/dax0.0: several devices have that name')
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
    await expect.poll(() => page.locator('.reading').innerText()).toBe('none of 3006 devices')
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
