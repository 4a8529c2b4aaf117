/** Two logs compared: a fork with its past, a twin with its recording, a log with itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

let scratch: Scratch
let crash: string
let fixed: string
let spliced: number
beforeAll(async () => {
  scratch = new Scratch()
  crash = scratch.path('crash.log')
  fixed = scratch.path('fixed.log')
  await scratch.json(['simulate', 'fsdax-pinned-unbind', '-o', crash])
  const handed = await scratch.run(['events', crash, '--type', 'memremap/references-handed', '--limit', '1', '--json'])
  spliced = (JSON.parse(handed.out) as { seq: number }).seq
  const tasks = [
    { comm: 'pin', pid: 135, steps: [{ do: 'close-pipe', pipe: 'p' }] },
    {
      comm: 'sh',
      pid: 102,
      steps: [
        { do: 'sleep', for: '1s' },
        { do: 'unbind', device: 'pfn0.0' },
      ],
    },
  ]
  const scenario = scratch.write('close-first.json', JSON.stringify({ name: 'close-first', says: 'The pipe is closed first.', tasks }))
  await scratch.json(['simulate', scenario, '--from', crash, '--at', String(spliced), '-o', fixed])
})
afterAll(() => scratch[Symbol.dispose]())

describe('diff of two logs', () => {
  test('a fork and its past: the same up to the fork; the puts come elsewhere', async () => {
    const { events, changes, devices } = await scratch.json(['diff', crash, '--with', fixed])
    expect(events.first.here).toBeGreaterThan(spliced)
    expect(events.first.there).toBeGreaterThan(spliced)
    expect(events.same).toBeGreaterThan(spliced)
    const put = { type: 'memremap/put', data: { pfn: '0x109300' } }
    expect(events.onlyHere[0]).toMatchObject({ ...put, device: null })
    expect(events.onlyThere[0]).toMatchObject({ ...put, device: 'pfn0.0' })
    expect(events.onlyHere).toHaveLength(16)
    expect(events.onlyThere).toHaveLength(16)
    expect([changes, devices, events.notCompared]).toEqual([[], { onlyHere: [], onlyThere: [] }, []])
    const { code, out } = await scratch.run(['diff', crash, '--with', fixed])
    expect(code).toBe(1)
    expect(out).toContain(`first different: event ${events.first.here} of crash.log, event ${events.first.there} of fixed.log`)
  })

  test('a log and itself, another of its making, and one under another seed', async () => {
    const again = scratch.path('again.log')
    await scratch.json(['simulate', 'fsdax-pinned-unbind', '--seed', '9', '-o', again])
    expect((await scratch.run(['diff', crash, '--with', crash])).code).toBe(0)
    const { events } = await scratch.json(['diff', again, '--with', crash])
    expect(events).toMatchObject({ first: null, onlyHere: [], onlyThere: [] })
  })

  test('a twin and its recording: pages and ranges pair events; what only one of both can tell is no difference', async () => {
    const { events, devices } = await scratch.json(['diff', recording('fsdax-pinned-unbind'), '--with', crash])
    expect(events.same).toBeGreaterThan(50)
    expect(events.typesOnlyHere).toHaveProperty('kernel/console')
    expect(events.typesOnlyThere).toHaveProperty('percpu-ref/killed')
    // The last user of the twin's disk closes it during the unbind, so that its resources are released once more: the recording's one end pairs with that.
    const folios = Array.from({ length: 16 }, () => 'folio')
    expect(events.changed.map((c: { fields: string[] }) => c.fields.join())).toEqual([...folios, 'reason'])
    expect(devices.onlyHere).toEqual(['namespace0.1'])
  })

  test('--with takes whole logs; without it a moment has to be named', async () => {
    const both = await scratch.run(['diff', crash, '--with', fixed, '--from', '3'])
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('leave --from')])
    const none = await scratch.run(['diff', crash])
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('--from, or another log with --with')])
  })
})

test('two logs given as if they were one: how to compare them', async () => {
  const { code, out, err } = await scratch.run(['diff', crash, fixed])
  expect([code, out, err]).toEqual([
    2,
    '',
    `devtrail: diff compares two moments of one log; of two logs: devtrail diff ${crash} --with ${fixed}\n`,
  ])
})
