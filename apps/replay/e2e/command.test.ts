/** How the command behaves: exit codes, streams, shapes, bad input. */
import { spawn, spawnSync, type SpawnSyncOptionsWithStringEncoding } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, recording, Scratch, type Run } from './devtrail.ts'

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

/** A file with this content. */
function bad(name: string, content: string | Uint8Array): string {
  writeFileSync(scratch.path(name), content)
  return scratch.path(name)
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
    [2, ['diff', twin, '--from', '1', '--to', '2'], 'not in this version yet'],
    [2, ['pmem', '--help'], 'not in this version yet'],
    [2, ['import', twin, '-o', '-'], 'a log is a folder'],
    [3, ['import', twin, '-o', '/proc/x'], 'cannot write a log at /proc/x'],
    [3, ['import', twin, '-o', '/proc/x/y'], 'cannot write a log at /proc/x/y'],
    [2, ['check'], "missing required argument 'LOG'"],
    [2, ['check', twin, '--stict'], '--strict'],
    [2, ['check', twin, '--rule', 'memremap/referenced-at-remval'], 'did you mean memremap/referenced-at-removal?'],
    [2, ['state', twin, '--at', 'yesterday'], 'is not a position'],
    [2, ['events', twin, '--type', 'memrmap'], 'did you mean memremap?'],
    [2, ['events', twin, '--limit', '-1'], 'whole number'],
    [2, ['events', twin, '--where', 'x'], 'unknown option'],
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

  test('a later step’s commands are not there yet', async () => {
    const { out } = await scratch.run(['--help'])
    for (const command of ['diff', 'blame', 'bisect', 'simulate']) expect(out).not.toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
  })

  test('every command shows two examples or more', async () => {
    for (const command of ['import', 'info', 'devices', 'events', 'state', 'iomem', 'refs', 'stuck', 'check']) {
      const { out } = await scratch.run([command, '--help'])
      expect([command, out.split('\n').filter((l) => l.startsWith('  $ ')).length >= 2]).toEqual([command, true])
    }
  })
})

describe('bad input', () => {
  test('an empty file, garbage, a cut archive and a folder without a trace: exit 3, and what to do', async () => {
    mkdirSync(scratch.path('nothing'))
    const inputs: [string, string][] = [
      [bad('empty', ''), 'empty'],
      [
        bad(
          'garbage',
          Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7919 + (i >> 3) * 31) & 0xff),
        ),
        'trace',
      ],
      [bad('words', 'this is not\na trace at all\n'), 'trace'],
      [bad('cut.gz', gzipSync(trace).subarray(0, 3000)), 'gzip'],
      [scratch.path('nothing'), 'trace.txt'],
    ]
    for (const [path, says] of inputs) {
      const { code, out, err } = await scratch.run(['check', path])
      expect([path, code, out]).toEqual([path, 3, ''])
      expect(err).toContain(says)
      expect(err.trimEnd().split('\n')).toHaveLength(1)
    }
  })

  test('empty stdin: exit 3', async () => {
    expect((await scratch.run(['check', '-'])).code).toBe(3)
  })

  test('a failed import leaves nothing in the cache', async () => {
    const env = { XDG_CACHE_HOME: scratch.path('fresh-cache') }
    await scratch.run(['check', bad('words', 'this is not\na trace at all\n')], { env })
    expect(readdirSync(scratch.path('fresh-cache/devtrail'))).toEqual([])
  })

  test('CRLF is read as if it were not there', async () => {
    const crlf = bad('crlf.txt', trace.toString().replaceAll('\n', '\r\n'))
    const plain = bad('plain.txt', trace)
    expect((await scratch.run(['events', crlf, '--json'])).out).toBe((await scratch.run(['events', plain, '--json'])).out)
  })

  test('a cut trace is read, and the answer says that something is missing', async () => {
    const { code, err } = await scratch.run(['check', bad('cut.txt', trace.subarray(0, 30_000))])
    expect(code).toBe(0)
    expect(err).toContain('missing')
  })

  test('without a baseline the iomem tree is unknown: exit 4; everything else still answers', async () => {
    const bare = bad('bare.txt', trace)
    const iomem = await scratch.run(['iomem', bare])
    expect([iomem.code, iomem.out]).toEqual([4, ''])
    expect(iomem.err).toContain('iomem.before')
    expect((await scratch.run(['check', bare])).code).toBe(0)
    expect((await scratch.json(['state', bare])).iomemComplete).toBe(false)
  })

  test('a damaged log is named, with exit 3', async () => {
    const log = scratch.path('damaged.log')
    await scratch.run(['import', twin, '-o', log])
    for (const file of readdirSync(join(log, 'segments'))) {
      const path = join(log, 'segments', file)
      const bytes = readFileSync(path)
      bytes[bytes.length >> 1]! ^= 0x20
      writeFileSync(path, bytes)
    }
    const { code, out, err } = await scratch.run(['info', log])
    expect([code, out]).toEqual([3, ''])
    expect(err).toContain('damaged.log')
  })

  test('a damaged log in the cache is made anew', async () => {
    const env = { XDG_CACHE_HOME: scratch.path('other-cache') }
    const { log } = await scratch.json(['import', twin], { env })
    writeFileSync(join(log, 'log.json'), 'not json')
    expect((await scratch.run(['check', twin], { env })).code).toBe(0)
  })
})

/** The only segment of a log as short as these. */
const segment = (log: string): string => join(log, 'segments', '00000001.seg')

/** Flips a bit in the middle of a log's events. */
function flipBit(log: string): void {
  const path = segment(log)
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
}

describe('the cache', () => {
  test('several devtrails at once on a recording that is not in it yet, or damaged in it, all answer', async () => {
    const env = { XDG_CACHE_HOME: scratch.path('crowded-cache') }
    const atOnce = (): Promise<Run[]> =>
      Promise.all(Array.from({ length: 4 }, () => scratch.run(['info', recording('fsdax-truncate-hang'), '--json'], { env })))
    const first = await atOnce()
    expect(first.map((r) => [r.code, r.err])).toEqual(first.map(() => [0, '']))
    flipBit(JSON.parse(first[0]!.out).log)
    const second = await atOnce()
    expect(second.map((r) => [r.code, r.out])).toEqual(first.map((r) => [0, r.out]))
    expect(second.map((r) => r.err).join('')).toContain('made anew')
    expect(readdirSync(scratch.path('crowded-cache/devtrail'))).toHaveLength(1)
  })

  test('an entry with a flipped bit, or one that is cut, is made anew at once, also for stdin', async () => {
    const env = { XDG_CACHE_HOME: scratch.path('flipped-cache') }
    const ask = (): Promise<Run> => scratch.run(['info', '-', '--json'], { env, stdin: trace })
    const whole = await ask()
    const { log } = JSON.parse(whole.out)
    flipBit(log)
    const flipped = await ask()
    truncateSync(segment(log), statSync(segment(log)).size >> 1)
    const cut = await ask()
    for (const run of [flipped, cut]) {
      expect([run.code, run.out]).toEqual([0, whole.out])
      expect(run.err).toContain('made anew')
    }
    expect((await ask()).err).toBe('')
  })

  test('where it cannot be: exit 3 and what to do, at once', async () => {
    writeFileSync(scratch.path('a-file'), '')
    for (const env of [
      { XDG_CACHE_HOME: '/proc/nope' },
      { XDG_CACHE_HOME: '', HOME: '/proc/nope' },
      { XDG_CACHE_HOME: scratch.path('a-file') },
    ]) {
      const { code, out, err } = await scratch.run(['info', twin], { env })
      expect([code, out]).toEqual([3, ''])
      expect(err).toMatch(/^devtrail: there can be no cache at .*XDG_CACHE_HOME.*\n$/)
    }
  })

  test('import -o does not need it, not even for stdin', async () => {
    const env = { XDG_CACHE_HOME: '/proc/nope', TMPDIR: scratch.path('tmp') }
    mkdirSync(env.TMPDIR)
    for (const [given, stdin] of [
      [twin, ''],
      ['-', trace],
    ] as const) {
      const { code, err } = await scratch.run(['import', given, '-o', scratch.path(`free-${given.length}.log`)], { env, stdin })
      expect([code, err]).toEqual([0, ''])
    }
    expect(readdirSync(env.TMPDIR)).toEqual([])
  })
})

describe('a log that is cut', () => {
  test('is incomplete, and all counts agree', async () => {
    const log = scratch.path('cut.log')
    await scratch.run(['import', recording('fsdax-truncate-hang'), '-o', log])
    truncateSync(segment(log), Math.floor(statSync(segment(log)).size * 0.6))
    const info = await scratch.json(['info', log])
    expect(info.complete).toBe(false)
    expect(info.events).toBeLessThan(4000)
    const { out, err } = await scratch.run(['info', log])
    expect(out).toMatch(/^entries +6177, incomplete$/m)
    expect(out).toMatch(new RegExp(`^events +${info.events}$`, 'm'))
    expect(err).toContain('the log is cut')
    const check = await scratch.run(['check', log])
    expect(check.err).toContain('the log is cut')
    expect(check.code).toBe(0)
  })
})

/** Entries of events that nobody knows. */
const foreign = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => `            sh-1     [000] .....    30.00000${i}: my_event_${i}: a=1`)

describe('what cannot be judged', () => {
  const lines = trace.toString().split('\n')
  const header = lines.filter((l) => l.startsWith('#'))

  test('check names events of the recording that are not known', async () => {
    const { err, code } = await scratch.run(['check', bad('foreign.txt', [...lines.filter(Boolean), ...foreign(5), ''].join('\n'))])
    expect(code).toBe(0)
    expect(err).toContain('my_event_0, my_event_1, my_event_2 and 2 more')
    expect(err).toContain('devtrail info')
  })

  test('a trace without a single event of a model is not fine, it is not judged', async () => {
    const { out, code } = await scratch.run(['check', bad('nothing.txt', [...header, ...foreign(3), ''].join('\n'))])
    expect([code, out]).toEqual([0, 'nothing could be judged: the trace gave no event that a rule looks at\n'])
  })
})

describe('streams', () => {
  const all = ['info', 'devices', 'events', 'state', 'iomem', 'refs', 'stuck', 'check'] as const

  test('no colour into a pipe; with FORCE_COLOR yes, never against NO_COLOR or --no-color', async () => {
    const escape = '\u001b['
    for (const command of all) expect([command, (await scratch.run([command, twin])).out.includes(escape)]).toEqual([command, false])
    const coloured = { FORCE_COLOR: '1' }
    expect((await scratch.run(['check', twin], { env: coloured })).out).toContain(escape)
    expect((await scratch.run(['check', twin], { env: { ...coloured, NO_COLOR: '1' } })).out).not.toContain(escape)
    expect((await scratch.run(['check', twin, '--no-color'], { env: coloured })).out).not.toContain(escape)
    expect((await scratch.run(['check', twin, '--json'], { env: coloured })).out).not.toContain(escape)
  })

  test('--json prints one document with a schemaVersion', async () => {
    for (const command of all.filter((c) => c !== 'events'))
      expect([command, (await scratch.json([command, twin])).schemaVersion]).toEqual([command, 1])
  })

  test('no progress where stderr is not a terminal', async () => {
    const { err } = await scratch.run(['import', twin], { env: { XDG_CACHE_HOME: scratch.path('quiet-cache') } })
    expect(err).toBe('')
  })

  test('a closed pipe is a quiet exit 0', async () => {
    const child = spawn(process.execPath, [BIN, 'events', recording('fsdax-truncate-hang'), '--json'], {
      ...scratch.spawnOptions(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.stdout!.once('data', () => child.stdout!.destroy())
    const [code] = (await once(child, 'close')) as [number]
    expect([code, err]).toEqual([0, ''])
  })

  test('a full disk behind stdout: exit 3, in a line', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [BIN, 'events', twin], { ...scratch.spawnOptions(), stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    let err = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    const [code] = (await once(child, 'close')) as [number]
    expect([code, err]).toEqual([3, 'devtrail: cannot write to stdout: ENOSPC: no space left on device, write\n'])
  })

  test('a pipe of the shell or one with a name is read like stdin', async () => {
    const devtrail = `'${process.execPath}' '${BIN}' info --json`
    const from = `cat '${join(twin, 'trace.txt')}'`
    for (const line of [
      `${devtrail} <(${from})`,
      `mkfifo a.fifo; ${from} >a.fifo & ${devtrail} a.fifo`,
      `${from} | ${devtrail} /dev/stdin`,
    ]) {
      const { stdout, stderr, status } = spawnSync('bash', ['-c', line], {
        ...scratch.spawnOptions(),
        encoding: 'utf8',
      } as SpawnSyncOptionsWithStringEncoding)
      expect([stderr, status]).toEqual(['', 0])
      expect(JSON.parse(stdout).entries).toBe(497)
    }
  })

  test('Ctrl-C while nobody writes into a pipe: exit 130', async () => {
    const cache = scratch.path('waiting-cache')
    const line = `mkfifo b.fifo; exec '${process.execPath}' '${BIN}' info b.fifo`
    const child = spawn('bash', ['-c', line], { ...scratch.spawnOptions({ env: { XDG_CACHE_HOME: cache } }), stdio: 'ignore' })
    const closed = once(child, 'close')
    while (!existsSync(join(cache, 'devtrail')) || readdirSync(join(cache, 'devtrail')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect((await closed)[0]).toBe(130)
    expect(readdirSync(join(cache, 'devtrail'))).toEqual([])
  })

  test('Ctrl-C while a trace comes in: exit 130, nothing left behind', async () => {
    const env = { XDG_CACHE_HOME: scratch.path('interrupted-cache') }
    const child = spawn(process.execPath, [BIN, 'import', '-'], { ...scratch.spawnOptions({ env }), stdio: ['pipe', 'pipe', 'pipe'] })
    const closed = once(child, 'close')
    child.stdin!.on('error', () => {})
    child.stdin!.write(trace.subarray(0, 20_000))
    while (
      !existsSync(scratch.path('interrupted-cache/devtrail')) ||
      readdirSync(scratch.path('interrupted-cache/devtrail')).length === 0
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    child.kill('SIGINT')
    const [code] = (await closed) as [number]
    expect(code).toBe(130)
    expect(readdirSync(scratch.path('interrupted-cache/devtrail'))).toEqual([])
  })
})
