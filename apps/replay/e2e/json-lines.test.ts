/** Events as JSON lines are read back into logs, and answered as the logs they came from. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

const LINE = '{"seq":1,"time":"0.000000000","type":"log/gap","v":1,"data":{"reason":"lost","lost":3,"cpu":null}}'

let scratch: Scratch
beforeAll(() => {
  scratch = new Scratch()
})
afterAll(() => scratch[Symbol.dispose]())

describe('a recording, exported', () => {
  const name = 'fsdax-pinned-unbind'
  let exported: string
  beforeAll(async () => {
    exported = scratch.path('pinned.ndjson')
    await scratch.run(['export', recording(name), '--format', 'ndjson', '-o', exported])
  })

  test('is checked, and told event by event, as the recording', async () => {
    const [of, again] = [recording(name), exported]
    const { violations } = await scratch.json(['check', of])
    expect(violations.length).toBeGreaterThan(0)
    expect((await scratch.json(['check', again])).violations).toEqual(violations)
    expect((await scratch.run(['events', again, '--json'])).out).toBe((await scratch.run(['events', of, '--json'])).out)
    expect((await scratch.json(['info', again])).source).toEqual((await scratch.json(['info', of])).source)
  })

  test('becomes a log of one’s own, or comes in by a pipe', async () => {
    const log = scratch.path('own.log')
    const { events, devices } = await scratch.json(['import', exported, '-o', log])
    expect([events, devices]).toEqual([
      (await scratch.json(['info', recording(name)])).events,
      (await scratch.json(['import', recording(name)])).devices,
    ])
    expect((await scratch.json(['info', log])).events).toBe(events)
    const piped = await scratch.run(['check', '-', '--json'], { stdin: readFileSync(exported) })
    expect(JSON.parse(piped.out).violations).toEqual((await scratch.json(['check', log])).violations)
  })

  test('and exported again is the same, with the entries that have no effect', async () => {
    const log = scratch.path('round.log')
    await scratch.run(['import', exported, '-o', log])
    const lines = readFileSync(exported, 'utf8')
    expect(lines).toMatch(/^\{"entry":/m)
    expect((await scratch.run(['export', log])).out).toBe(lines)
  })

  test('as a log has them too', async () => {
    const log = scratch.path('exported.log')
    await scratch.run(['export', recording(name), '--format', 'log', '-o', log])
    expect((await scratch.run(['export', log])).out).toBe(readFileSync(exported, 'utf8'))
    expect((await scratch.json(['info', log])).withoutEffect).toEqual((await scratch.json(['info', recording(name)])).withoutEffect)
  })

  test('is not followed: it is whole', async () => {
    const log = scratch.path('followed.log')
    for (const [given, stdin] of [
      [exported, undefined],
      ['-', readFileSync(exported)],
    ] as const) {
      const { code, err } = await scratch.run(['import', given, '--follow', '-o', log], stdin === undefined ? {} : { stdin })
      expect([code, err]).toEqual([
        3,
        expect.stringMatching(/is events as JSON lines, which are whole already: import it without --follow/),
      ])
    }
  })
})

test.each([
  ['cut in the middle', `${LINE}\n{"seq":2,"ti`, 'line 2'],
  [
    'where an event is missing',
    `${LINE}\n${LINE.replace('"seq":1', '"seq":3')}\n`,
    'line 2 is no event: event 2 should come here, found 3',
  ],
  ['of a type that nobody knows', LINE.replace('log/gap', 'log/hole'), 'log/hole'],
  [
    'that is neither event nor entry',
    `{"schemaVersion":1}\n{"sequence":1}\n`,
    'line 2 is no event: it has neither the seq of an event nor',
  ],
  ['whose entry comes too late', `${LINE}\n{"entry":7}\n{"entry":6}\n`, 'line 3 is no event: entry 7 came before, this is 6'],
  ['that is no object', `{"schemaVersion":1}\n[1]\n`, 'line 2 is no event: it should be a JSON object'],
  ['longer than any event', `${LINE}\n${' '.repeat(1 << 21)}`, 'line 2 is longer than'],
  ['whose field has another kind', LINE.replace('"lost":3', '"lost":"many"'), 'line 1'],
])('a line %s is named, and no log is left', async (_, lines, told) => {
  const file = scratch.write('broken.jsonl', lines)
  const log = scratch.path('broken.log')
  const { code, err } = await scratch.run(['import', file, '-o', log])
  expect([code, err]).toEqual([3, expect.stringContaining(told)])
  expect(readdirSync(scratch.folder).filter((entry) => entry.includes('broken.log'))).toEqual([])
})

test('a key of the prototype is no field, and pollutes nothing', async () => {
  const file = scratch.write('proto.jsonl', LINE.replace('"data":{', '"__proto__":{"seq":9},"data":{"__proto__":{"reason":"x"},'))
  const { events } = await scratch.json(['import', file, '-o', scratch.path('proto.log')])
  expect(events).toBe(1)
})
