/** Debian's chromium, driven by Playwright. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

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

/** Milliseconds after which what is waited for does not come, on a busy machine. */
const TIMEOUT_MS = 20_000

export interface Opened {
  readonly context: BrowserContext
  readonly page: Page
  /** What the page said went wrong. */
  readonly errors: string[]
  /** Addresses that were asked for, besides the page's own. */
  readonly requests: string[]
}

/** A browser that several tests share: each has a context of its own, with nothing of the others. */
export function launch(...more: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...ARGS, ...more] })
}

/** Opens a page, and waits until its log was read. */
export async function open(browser: Browser, url: string, { scheme = 'light' as 'light' | 'dark' } = {}): Promise<Opened> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(TIMEOUT_MS)
  const errors: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  context.on('request', (request) => requests.push(request.url()))
  await page.goto(url)
  await page
    .locator('.reading')
    .getByText(/ devices$/)
    .waitFor()
  return { context, page, errors, requests }
}
