/** Simulated logs: made, made again, gone on from, and refused. */
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

let scratch: Scratch
let crash: string
/** The event after which the pages are in the pipe. */
let spliced: number
beforeAll(async () => {
  scratch = new Scratch()
  crash = scratch.path('crash.log')
  await scratch.json(['simulate', 'fsdax-pinned-unbind', '-o', crash])
  const handed = await scratch.run(['events', crash, '--type', 'memremap/references-handed', '--limit', '1', '--json'])
  spliced = (JSON.parse(handed.out) as { seq: number }).seq
})
afterAll(() => scratch[Symbol.dispose]())

const eventsOf = async (log: string): Promise<string[]> => (await scratch.run(['events', log, '--json'])).out.trimEnd().split('\n')

describe('a scenario', () => {
  test('--list shows those there are, --print one of them as JSON that runs as it does', async () => {
    const { scenarios } = await scratch.json(['simulate', '--list'])
    expect(scenarios.map((s: { name: string }) => s.name)).toContain('fsdax-pinned-unbind')
    const { out } = await scratch.run(['simulate', 'fsdax-pinned-unbind', '--print'])
    const again = scratch.path('again.log')
    expect((await scratch.run(['simulate', scratch.write('mine.json', out), '-o', again])).code).toBe(0)
    expect(await eventsOf(again)).toEqual(await eventsOf(crash))
  })

  test('its log is answered as a recording is', async () => {
    const { violations } = await scratch.json(['check', crash])
    const [removal, ...puts] = violations
    expect(removal).toMatchObject({ rule: 'memremap/referenced-at-removal', certainty: 'certain', data: { firstPfn: '0x109300' } })
    expect(new Set(puts.map((v: { rule: string }) => v.rule))).toEqual(new Set(['memremap/put-after-removal']))
    expect((await scratch.run(['check', crash, '--rule', 'resource-tree/overlap'])).out).toContain('nothing is broken')
    const { source, complete } = await scratch.json(['info', crash])
    expect(source).toEqual({ kind: 'simulated', scenario: 'fsdax-pinned-unbind', rules: 'linux-6.1', seed: null })
    expect(complete).toBe(true)
    expect((await scratch.run(['info', crash])).out).toMatch(/simulated +fsdax-pinned-unbind, rules linux-6.1, in order/)
    expect((await scratch.run(['info', crash])).out).toMatch(/time +0\.0+ to 6\.\d+/)
  })

  test('without -o it is in the cache, once; what it came to is kept', async () => {
    const args = ['simulate', 'fsdax-truncate-hang', '--seed', '3']
    const first = await scratch.json(args)
    expect(first).toMatchObject({ rules: 'linux-6.1', seed: 3, hung: [{ pid: 132, comm: 'truncate' }], crashed: null, fork: null })
    expect(await scratch.json(args)).toEqual(first)
    expect(await scratch.json([...args, '--rules', 'seed'])).toMatchObject({ rules: 'seed', hung: [] })
  })

  test('in a TypeScript module, with a program', async () => {
    const file = scratch.write(
      'bind.ts',
      `export const scenario = {
        name: 'bind-twice', says: 'A device is bound twice.',
        namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', mode: 'raw', bound: false }],
        tasks: [{ comm: 'sh', pid: 7, *program(machine: { bind(name: string): number }) { machine.bind('namespace0.0'); yield null; machine.bind('namespace0.0') } }],
      }`,
    )
    const log = scratch.path('program.log')
    expect(await scratch.json(['simulate', file, '-o', log])).toMatchObject({
      scenario: 'bind-twice',
      devices: expect.arrayContaining(['namespace0.0']),
    })
    const forked = scratch.path('forked.log')
    expect((await scratch.run(['simulate', '--from', log, '--at', '10', '-o', forked])).code).toBe(0)
    scratch.write('bind.ts', `${readFileSync(file, 'utf8')}\n// another now\n`)
    const { code, err } = await scratch.run(['simulate', '--from', log, '--at', '10'])
    expect([code, err]).toEqual([3, expect.stringContaining('was changed since the log was simulated with it')])
  })

  test.each<[string, string | null, number, string]>([
    ['fsdax-pined-unbind', null, 2, 'did you mean fsdax-pinned-unbind'],
    ['none.json', null, 3, 'there is no scenario at none.json'],
    ['broken.json', '{"name": "x",\n "says"', 3, 'broken.json is no JSON: Expected'],
    ['empty.ts', 'export const other = 1', 3, 'empty.ts: expected "export const scenario", found none'],
    [
      'throws.mjs',
      'export const scenario = { name: "x", says: "x", tasks: [{ comm: "a", pid: 1, *program() { yield null; throw new Error("inprogram") } }] }',
      3,
      'devtrail: scenario x, task a: its program failed: inprogram',
    ],
    [
      'step.json',
      '{"name":"x","says":"x","tasks":[{"comm":"a","pid":1,"steps":[{"do":"unbind","device":"pfn0.0"}]}]}',
      3,
      'step.json: tasks[0].steps[0].device: expected',
    ],
    [
      'tight.json',
      '{"name":"x","says":"x","namespaces":[{"name":"namespace0.0","start":"0x100000000","size":"2 MiB"}],"tasks":[{"comm":"a","pid":1,"steps":[{"do":"unbind","device":"pfn0.0"}]}]}',
      3,
      'namespaces[0]: namespace0.0 cannot be had: namespace of pfn0.0 is refused with -6',
    ],
  ])('%s is refused', async (name, content, code, says) => {
    if (content !== null) scratch.write(name, content)
    const run = await scratch.run(['simulate', name, '-o', scratch.path('never.log')])
    expect([run.code, run.out]).toEqual([code, ''])
    expect(run.err).toContain(says)
  })

  test.each<[string[], string]>([
    [['fsdax-splice', '--seed', '-1'], 'a seed is a number from 0'],
    [['fsdax-splice', '--rules', 'linux-7'], 'there are seed and linux-6.1'],
    [['fsdax-splice', '--at', '3'], '--at is a moment of the log that --from names'],
  ])('simulate %j is wrong usage', async (args, says) => {
    const { code, err } = await scratch.run(['simulate', ...args])
    expect([code, err]).toEqual([2, expect.stringContaining(says)])
  })
})

describe('an image', () => {
  const MEDIA = join(import.meta.dirname, '../../../recordings/media')
  const steps = [
    { do: 'submit-bio', disk: 'pmem0s', op: 'read', sectors: 64 },
    { do: 'submit-bio', disk: 'pmem0s', op: 'write', sector: 8, byte: 1 },
  ]
  const reading = (size: string, image: string): string =>
    scratch.write(
      'reading.json',
      JSON.stringify({
        name: 'reading',
        says: 'A BTT that Linux 6.1 made is read and written.',
        namespaces: [{ name: 'namespace0.0', start: '0x100000000', size, mode: 'sector', image }],
        tasks: [{ comm: 'dd', pid: 7, steps }],
      }),
    )

  test('is beside the scenario, is read, and is not written; a fork wants it as it was', async () => {
    const image = scratch.path('btt.img.zst')
    copyFileSync(join(MEDIA, 'btt-4096.img.zst'), image)
    const log = scratch.path('reading.log')
    expect(await scratch.json(['simulate', reading('48 MiB', 'btt.img.zst'), '-o', log])).toMatchObject({ refused: [], hung: [] })
    const found = (await eventsOf(log)).map((line) => JSON.parse(line) as AnyEvent)
    expect(found.find(({ type }) => type === 'nvdimm-pmem/btt-discovery-ended')!.data).toMatchObject({ errno: 0, sectors: 12_013 })
    expect(readFileSync(image)).toEqual(readFileSync(join(MEDIA, 'btt-4096.img.zst')))
    const from = ['simulate', '--from', log, '--at', '300', '--seed', '1', '-o']
    expect((await scratch.run([...from, scratch.path('reading-fork.log')])).code).toBe(0)
    copyFileSync(join(MEDIA, 'crash-b-512.img.zst'), image)
    const { code, err } = await scratch.run([...from, scratch.path('never.log')])
    expect([code, err]).toEqual([3, expect.stringContaining('btt.img.zst was changed since the log was simulated with it')])
  })

  test.each([
    ['1 GiB', 'btt.img.zst', 'namespaces[0].size: the namespace has 1 GiB, and its image no more than 50462720 bytes; make it 48 MiB'],
    ['32 MiB', 'btt.img.zst', 'namespaces[0].size: the namespace has 32 MiB, the BTT on its image 50331648 bytes; make it 48 MiB'],
    ['48 MiB', 'none.img', 'namespaces[0].image'],
  ])('%s of %s is refused', async (size, image, place) => {
    copyFileSync(join(MEDIA, 'btt-4096.img.zst'), scratch.path('btt.img.zst'))
    const { code, err } = await scratch.run(['simulate', reading(size, image), '-o', scratch.path('never.log')])
    expect([code, err]).toEqual([3, expect.stringContaining(place)])
  })
})

const closing = (): string =>
  scratch.write(
    'close-first.json',
    JSON.stringify({
      name: 'close-first',
      says: 'The pipe is closed, then the driver is unbound.',
      tasks: [
        { comm: 'pin', pid: 135, steps: [{ do: 'close-pipe', pipe: 'p' }] },
        {
          comm: 'sh',
          pid: 102,
          steps: [
            { do: 'sleep', for: '1s' },
            { do: 'unbind', device: 'pfn0.0' },
          ],
        },
      ],
    }),
  )

describe('a fork', () => {
  test('shares the past, goes on with other tasks, and the crash does not come', async () => {
    const fixed = scratch.path('fixed.log')
    const { fork } = await scratch.json(['simulate', closing(), '--from', crash, '--at', String(spliced), '-o', fixed])
    expect(fork).toEqual({ of: crash, at: spliced, shared: spliced, scenario: 'close-first' })
    const [past, now] = [await eventsOf(crash), await eventsOf(fixed)]
    expect(now.slice(0, spliced)).toEqual(past.slice(0, spliced))
    expect(now[spliced]).not.toEqual(past[spliced])
    expect((await scratch.run(['check', crash])).code).toBe(1)
    expect((await scratch.run(['check', fixed])).code).toBe(0)
    expect((await scratch.json(['info', fixed])).source.fork).toEqual({ of: crash, at: spliced })
  })

  test('of a fork; and the past of a fork can be gone on from as well', async () => {
    const second = scratch.path('second.log')
    const from = scratch.path('first.log')
    await scratch.run(['simulate', closing(), '--from', crash, '--at', String(spliced), '-o', from])
    expect(await scratch.json(['simulate', '--from', from, '--at', String(spliced + 5), '--seed', '4', '-o', second])).toMatchObject({
      seed: 4,
    })
    expect((await eventsOf(second)).slice(0, spliced + 5)).toEqual((await eventsOf(from)).slice(0, spliced + 5))
    const before = await scratch.json(['simulate', '--from', from, '--at', '100', '--seed', '4', '-o', scratch.path('third.log')])
    expect(before.fork.shared).toBeLessThan(spliced)
  })

  test('of a copy that export made; of a redacted one it is said why not', async () => {
    const copy = scratch.path('copy.log')
    expect((await scratch.run(['export', crash, '--format', 'log', '-o', copy])).code).toBe(0)
    const from = ['--at', String(spliced), '--seed', '5', '-o']
    expect((await scratch.run(['simulate', '--from', copy, ...from, scratch.path('of-copy.log')])).code).toBe(0)
    expect((await scratch.run(['simulate', '--from', crash, ...from, scratch.path('of-crash.log')])).code).toBe(0)
    expect(await eventsOf(scratch.path('of-copy.log'))).toEqual(await eventsOf(scratch.path('of-crash.log')))
    const shared = scratch.path('shared.log')
    expect((await scratch.run(['export', crash, '--redact', '-o', shared])).code).toBe(0)
    const redacted = await scratch.run(['simulate', '--from', shared, ...from, scratch.path('never.log')])
    expect([redacted.code, redacted.err]).toEqual([2, expect.stringContaining('was redacted: made again, its events have the names')])
    const lines = scratch.path('crash.ndjson')
    await scratch.run(['export', crash, '-o', lines])
    const told = await scratch.run(['simulate', '--from', lines, ...from, scratch.path('never.log')])
    expect([told.code, told.err]).toEqual([2, expect.stringContaining('was simulated, but how is not in it')])
  })

  test('of what was not simulated, at the end, or of a log that this version would not make', async () => {
    const recorded = await scratch.run(['simulate', '--from', recording('fsdax-splice'), '--at', '9'])
    expect([recorded.code, recorded.err]).toEqual([2, expect.stringContaining('was not made by devtrail simulate')])
    const over = await scratch.run(['simulate', '--from', crash, '--at', 'end'])
    expect([over.code, over.err]).toEqual([4, expect.stringContaining('nothing comes after it')])
    const nowhere = await scratch.run(['simulate', '--from', crash])
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('--at')])
  })
})
