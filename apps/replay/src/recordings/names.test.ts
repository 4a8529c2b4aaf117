/** Names out of the last keyframe are those of a full reading, on real recordings, whole and without their beginning. */
import { History } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { models, surveyOf, type Survey } from '@devtrail/survey'
import { KeptSource, logOf } from './kept-source.test-support.ts'
import { imported, traceLines } from './recorded.test-support.ts'

const withoutHead = (name: string): string[] => {
  const lines = traceLines(name)
  const head = lines.findIndex((line) => !line.startsWith('#'))
  return [...lines.slice(0, head), ...lines.slice(head + Math.floor((lines.length - head) / 2))]
}

const told = ({ names, devices, spans, ended, last }: Survey): object => ({
  devices: devices.map((d) => [names.device(d.id), d]),
  spans,
  ended,
  last,
})

test.each(['devdax-dev', 'lab-kmem-unbind-online', 'lab-two-regions-devdax', 'fsdax-pinned-unbind'])('%s', async (name) => {
  for (const lines of [undefined, withoutHead(name)]) {
    const { events } = await imported(name, lines)
    const reader = await logOf(events)
    const named = events.flatMap(({ data }) => [data['region'], data['pagemap']]).filter((id) => typeof id === 'number')
    const full = await surveyOf(new History(reader, models))
    const last = events.at(-1)!.seq
    for (const cut of [1, Math.floor(last / 3), Math.floor(last / 2), last - 1, last]) {
      const quick = await surveyOf(new History(new KeptSource(reader, events, new Set([cut])), models, { fold: 'x' }))
      expect(told(quick)).toEqual(told(full))
      for (const id of named) {
        expect(quick.names.region(id)).toBe(full.names.region(id))
        expect(quick.names.pagemap(id)).toBe(full.names.pagemap(id))
      }
    }
  }
})

test('among them are two devices of one name at once', async () => {
  const { history } = await imported('devdax-dev')
  const { devices, names } = await surveyOf(history)
  expect(devices.map((d) => names.device(d.id))).toContain('nd/dax0.0')
})
