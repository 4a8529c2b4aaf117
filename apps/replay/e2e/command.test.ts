/** How the command behaves: what it imports, the shapes it prints, its exit codes. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const twin = recording('fsdax-splice')
const trace = readFileSync(join(twin, 'trace.txt'))

/** Sequence numbers of the events that a command line selects. */
async function seqs(...args: string[]): Promise<number[]> {
  const { out } = await scratch.run(['events', twin, '--json', ...args])
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).seq as number)
}

describe('import', () => {
  test('--json has the shape of docs/interfaces.md', async () => {
    const report = await scratch.json(['import', twin])
    expect(report).toMatchObject({ entries: 497, unparsed: 0, lost: 0, notes: [] })
    expect(report.devices).toContain('namespace0.0')
    expect(new Set(report.devices).size).toBe(report.devices.length)
    expect(report.withoutEffect).toMatchObject({ dax_pte_fault: 16, dax_pte_fault_done: 16 })
    expect(existsSync(report.log)).toBe(true)
    expect(report.log.startsWith(scratch.path('cache/devtrail/'))).toBe(true)
  })

  test('-o writes a log that answers like the recording, and never over another', async () => {
    const log = scratch.path('twin.log')
    expect((await scratch.json(['import', twin, '-o', log])).log).toBe(log)
    expect((await scratch.run(['events', log, '--json'])).out).toBe((await scratch.run(['events', twin, '--json'])).out)
    const again = await scratch.run(['import', twin, '-o', log])
    expect([again.code, again.out]).toEqual([2, ''])
    expect(again.err).toContain('already holds a log')
  })

  test('nothing is written beside a recording; the same content is imported once', async () => {
    const copy = scratch.path('copy')
    cpSync(twin, copy, { recursive: true })
    const before = readdirSync(copy)
    const first = (await scratch.json(['import', copy])).log
    expect((await scratch.json(['import', twin])).log).toBe(first)
    expect(readdirSync(copy)).toEqual(before)
  })

  test('a trace on stdin, also a packed one, is a recording without a baseline', async () => {
    for (const stdin of [trace, gzipSync(trace)]) {
      const report = await scratch.json(['import', '-'], { stdin })
      expect(report).toMatchObject({ entries: 497, unparsed: 0 })
      expect(report.notes.join()).toContain('iomem.before')
      expect(readdirSync(scratch.path('cache/devtrail')).filter((n) => n.startsWith('.'))).toEqual([])
    }
  })
})

describe('info, devices, events', () => {
  test('info says what a log is and how complete', async () => {
    expect(await scratch.json(['info', twin])).toMatchObject({
      schemaVersion: 1,
      name: 'fsdax-splice',
      entries: 497,
      lost: 0,
      complete: true,
      unparsed: 0,
      unknown: [],
      first: { time: '21.918863' },
      last: { time: '23.856689' },
    })
    const { out } = await scratch.run(['info', twin])
    for (const word of ['fsdax-splice', '497', 'memremap/grabbed', 'dax_pte_fault']) expect(out).toContain(word)
  })

  test('devices have keys, kinds and spans; bookkeeping ones only under --all', async () => {
    const { devices } = await scratch.json(['devices', twin])
    const all = (await scratch.json(['devices', twin, '--all'])).devices
    expect(devices.every((d: { bookkeeping: boolean }) => !d.bookkeeping)).toBe(true)
    expect(all.length).toBeGreaterThan(devices.length)
    expect(devices.find((d: { key: string }) => d.key === 'namespace0.0')).toMatchObject({ kind: 'nd-namespace', presence: 'present' })
  })

  test('events --json is one object a line, with ids made readable beside', async () => {
    const { out } = await scratch.run(['events', twin, '--json', '--type', 'memremap/grabbed', '--device', 'pfn0.1'])
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows).toHaveLength(16)
    expect(rows[0]).toMatchObject({
      device: 'pfn0.1',
      type: 'memremap/grabbed',
      actor: { comm: 'pin' },
      data: { pfn: '0x109300', refs: 1, kind: 'get' },
      decoded: { pagemap: '0x100000000' },
    })
    expect(Object.keys(rows[0]).slice(0, 9)).toEqual(['seq', 'entry', 'time', 'device', 'type', 'cpu', 'actor', 'cause', 'data'])
    expect(rows[0].time).toMatch(/^\d+\.\d{6}$/)
  })

  test('the baseline is there from start on only', async () => {
    expect(await seqs('--limit', '3')).toEqual([1, 2, 3])
    expect(new Set(await seqs('--from', 'start', '--to', 'start'))).toEqual(new Set([0]))
    expect(await seqs('--from', '5', '--to', '7')).toEqual([5, 6, 7])
    expect(await seqs('--limit', '0')).toEqual([])
    expect(await seqs('--from', '7', '--to', '5')).toEqual([])
  })

  test('a type may be a prefix; a disk is a name for its device', async () => {
    expect((await seqs('--type', 'memremap')).length).toBeGreaterThan((await seqs('--type', 'memremap/grabbed')).length)
    expect((await seqs('--device', 'pmem0')).length).toBeGreaterThan(0)
  })

  test('--ns prints nanoseconds', async () => {
    const { out } = await scratch.run(['events', twin, '--json', '--ns', '--limit', '1'])
    expect(JSON.parse(out).time).toMatch(/^\d+\.\d{9}$/)
  })
})

describe('exit codes', () => {
  const cases: [code: number, args: string[], says: string][] = [
    [0, ['--version'], ''],
    [0, ['--help'], ''],
    [0, ['check', '--help'], ''],
    [2, [], 'Usage'],
    [2, ['chek', twin], 'Did you mean check?'],
    [2, ['simulate', 'scenario'], 'there is no scenario "scenario"'],
    [0, ['serve', '--help'], ''],
    [2, ['serve', twin, '--port', '99999'], 'a port is a number'],
    [2, ['import', twin, '-o', '-'], 'a log is a folder'],
    [3, ['import', twin, '-o', '/proc/x'], 'cannot write a log at /proc/x'],
    [3, ['import', twin, '-o', '/proc/x/y'], 'cannot write a log at /proc/x/y'],
    [2, ['check'], "missing required argument 'LOG'"],
    [2, ['check', twin, '--stict'], '--strict'],
    [2, ['check', twin, '--rule', 'memremap/referenced-at-remval'], 'did you mean memremap/referenced-at-removal'],
    [2, ['state', twin, '--at', 'yesterday'], 'is not a position'],
    [2, ['events', twin, '--type', 'memrmap'], 'did you mean memremap'],
    [2, ['events', twin, '--limit', '-1'], 'whole number'],
    [2, ['events', twin, '--whre', 'x'], 'unknown option'],
    [2, ['events', twin, '--where', 'x'], 'no event has a field "x"'],
    [3, ['check', '/nowhere/at/all'], 'there is nothing at /nowhere/at/all'],
    [4, ['state', twin, '--at', '99999'], 'there is no event 99999'],
    [4, ['state', twin, '--at', '@4000'], 'the recording has 497'],
    [4, ['state', twin, '--device', 'pnf0.1'], 'did you mean pfn0.1'],
    [4, ['events', twin, '--device', 'pnf0.1'], 'did you mean pfn0.1'],
  ]
  test.each(cases)('%i: devtrail %j', async (code, args, says) => {
    const run = await scratch.run(args)
    expect({ code: run.code, err: run.err }).toMatchObject({ code, err: expect.stringContaining(says) as string })
    expect(code === 0 ? '' : run.out).toBe('')
  })

  test('every command shows two examples or more', async () => {
    for (const command of ['import', 'info', 'devices', 'events', 'state', 'iomem', 'refs', 'stuck', 'check']) {
      const { out } = await scratch.run([command, '--help'])
      expect([command, out.split('\n').filter((l) => l.startsWith('  $ ')).length >= 2]).toEqual([command, true])
    }
  })
})
