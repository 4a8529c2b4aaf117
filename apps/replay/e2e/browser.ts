/** Debian's chromium, driven by Playwright. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import type { Scratch } from './devtrail.ts'

export const CHROMIUM = '/usr/bin/chromium'
/** Where there is no browser the tests are skipped, but never in CI. */
export const hasBrowser = existsSync(CHROMIUM) || process.env['CI'] === 'true'

export const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Opened {
  readonly context: BrowserContext
  readonly page: Page
  /** What the page said went wrong. */
  readonly errors: string[]
  /** Addresses that were asked for, besides the page's own. */
  readonly requests: string[]
}

/** Opens a page in a browser of its own. */
export async function open(
  scratch: Scratch,
  url: string,
  { scheme = 'light' as 'light' | 'dark', args = [] as readonly string[] } = {},
): Promise<Opened> {
  const context = await chromium.launchPersistentContext(join(scratch.folder, `profile-${scheme}-${profiles++}`), {
    executablePath: CHROMIUM,
    headless: true,
    colorScheme: scheme,
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    args: [...ARGS, ...args],
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const errors: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  context.on('request', (request) => requests.push(request.url()))
  await page.goto(url)
  await page.getByText(/^\d+ devices$/).waitFor()
  return { context, page, errors, requests }
}

let profiles = 0
