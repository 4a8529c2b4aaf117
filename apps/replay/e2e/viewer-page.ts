/** What tests of the viewer look at in its page. */
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Scratch } from './devtrail.ts'

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
