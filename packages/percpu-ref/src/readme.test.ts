import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as events from '@devtrail/events'
import { percpuRefCatalogue } from './events.ts'
import * as own from './index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

it('the example of the README runs and prints what it says', async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!
  const said = [...code.matchAll(/ \/\/ (.*)$/gm)].map((m) => m[1])
  const packages: Record<string, object> = { '@devtrail/events': events, '@devtrail/percpu-ref': own }
  const body = code.replaceAll(/^import (\{.*\}) from '(.*)'$/gm, "const $1 = packages['$2']")
  const printed: string[] = []
  // oxlint-disable-next-line typescript/no-implied-eval -- the example is ours
  const run = new Function('packages', 'console', `return (async () => {${body}})()`) as (p: object, c: object) => Promise<void>
  await run(packages, { log: (...values: unknown[]) => printed.push(values.map(String).join(' ')) })
  expect(said.length).toBeGreaterThan(0)
  expect(printed).toEqual(said)
})

it('the events table of the README is the catalogue', () => {
  const table = /<!-- events:begin -->\n([\s\S]*?)\n<!-- events:end -->/.exec(readme)![1]!.trim()
  expect(table).toBe(events.documentEvents(percpuRefCatalogue))
})
