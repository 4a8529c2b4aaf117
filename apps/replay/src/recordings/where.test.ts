import { EventFilter, History, LogBlocks, parseExpression } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { eventWords, models, surveyOf, vocabulary } from '@devtrail/survey'
import { logOf } from './kept-source.test-support.ts'
import { imported } from './recorded.test-support.ts'

test.each([
  'pfn == 0x109300',
  'pfn == 1086208 && kind == "get"',
  'type == "memremap/put" && pages == 1 && pid != 0',
  'errno == 0 && device == "pfn0.1"',
  'errno == "-ENXIO" || cpu == 1 && type ~ "devres/*"',
  'data.pages == 1',
  'time >= 22.145 && time < 23.5',
  'pagemap == 0x100000000',
  'pagemap == null && type ~ "memremap/*"',
  'not (pfn == 0x109300)',
  'flags ~ "*FOLL_WRITE*"',
  'count(cause) > 0 && inferred',
])('%s: columns and blocks let through just the events of which it is true', async (source) => {
  const { events } = await imported('fsdax-splice')
  const reader = await logOf(events)
  const { names } = await surveyOf(new History(reader, models))
  const filter = new EventFilter(
    parseExpression(source),
    vocabulary,
    eventWords(() => names),
  )
  const expected = events.filter((event) => filter.truth(event) === true).map((event) => event.seq)
  expect(expected.length).toBeGreaterThan(0)
  const found: number[] = []
  const types = vocabulary.types().filter((type) => filter.mayFit(type))
  for await (const block of new LogBlocks(reader).blocks({ types })) {
    const isFound = filter.within(block)
    for (let place = 0; place < block.count; place++) if (isFound(place)) found.push(block.seq(place))
  }
  expect(found).toEqual(expected)
})
