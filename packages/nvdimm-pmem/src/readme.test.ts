import { readFileSync } from 'node:fs'
import { documentEvents } from '@devtrail/events'
import { expect, test } from 'vitest'
import { nvdimmPmemCatalogue } from './events.ts'

test('the README lists every event as it is declared', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const table = /<!-- events:begin -->\n([^]*)\n<!-- events:end -->/.exec(readme)?.[1]
  expect(table).toBe(documentEvents(nvdimmPmemCatalogue))
})
