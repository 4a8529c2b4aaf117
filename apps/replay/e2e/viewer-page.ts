/** What tests of the viewer look at in its page. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { ROOT, type Scratch } from './devtrail.ts'

/** A log packed into one file; its address. */
export async function exported(scratch: Scratch, log: string): Promise<string> {
  const file = scratch.path('log.html')
  const { code, err } = await scratch.run(['export', log, '--format', 'html', '-o', file])
  expect({ code, err }).toMatchObject({ code: 0 })
  return pathToFileURL(file).href
}

export const heading = (page: Page): Promise<string> => page.locator('#state-title').innerText()
export const spoken = (page: Page): Promise<string> => page.locator('[aria-live=polite]').innerText()
/** The page's address catches up with what it shows a moment later. */
export const linkOf = async (page: Page, wanted: RegExp): Promise<string> => {
  await page.waitForURL(wanted)
  return new URL(page.url()).hash
}

/** Width and height of a PNG. */
const sizeOf = (png: Buffer): number[] => [png.readUInt32BE(16), png.readUInt32BE(20)]

/** The page is that of a picture in the documents. README_UPDATE=1 takes it anew. */
export async function expectPicture(page: Page, name: string): Promise<void> {
  const committed = join(ROOT, `apps/viewer/pictures/${name}.png`)
  const picture = await page.screenshot(process.env['README_UPDATE'] === '1' ? { path: committed } : {})
  // Fonts differ from machine to machine: the size tells that it is a picture of the same page.
  expect(sizeOf(readFileSync(committed))).toEqual(sizeOf(picture))
}
