/** What the command makes of input that is bad, cut, damaged or strange: exit codes, and what it says. */
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { recording, Scratch, segmentOf } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const twin = recording('fsdax-splice')
const trace = readFileSync(join(twin, 'trace.txt'))

describe('bad input', () => {
  test('an empty file, garbage, a cut archive and a folder without a trace: exit 3, and what to do', async () => {
    mkdirSync(scratch.path('nothing'))
    const inputs: [string, string][] = [
      [scratch.write('empty', ''), 'empty'],
      [
        scratch.write(
          'garbage',
          Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7919 + (i >> 3) * 31) & 0xff),
        ),
        'trace',
      ],
      [scratch.write('words', 'this is not\na trace at all\n'), 'trace'],
      [scratch.write('cut.gz', gzipSync(trace).subarray(0, 3000)), 'gzip'],
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
    await scratch.run(['check', scratch.write('words', 'this is not\na trace at all\n')], { env })
    expect(readdirSync(scratch.path('fresh-cache/devtrail'))).toEqual([])
  })

  test('CRLF is read as if it were not there', async () => {
    const crlf = scratch.write('crlf.txt', trace.toString().replaceAll('\n', '\r\n'))
    const plain = scratch.write('plain.txt', trace)
    expect((await scratch.run(['events', crlf, '--json'])).out).toBe((await scratch.run(['events', plain, '--json'])).out)
  })

  test('a cut trace is read, and the answer says that something is missing', async () => {
    const { code, err } = await scratch.run(['check', scratch.write('cut.txt', trace.subarray(0, 30_000))])
    expect(code).toBe(0)
    expect(err).toContain('missing')
  })

  test('without a baseline the iomem tree is unknown: exit 4; everything else still answers', async () => {
    const bare = scratch.write('bare.txt', trace)
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

describe('a log that is cut', () => {
  test('is damaged; once repaired it is incomplete, and all counts agree', async () => {
    const log = scratch.path('cut.log')
    const { events } = await scratch.json(['import', recording('fsdax-truncate-hang'), '-o', log])
    truncateSync(segmentOf(log), Math.floor(statSync(segmentOf(log)).size * 0.5))
    const damaged = await scratch.run(['info', log])
    expect([damaged.code, damaged.out]).toEqual([3, ''])
    expect(damaged.err).toContain('as when the log was closed')
    await scratch.run(['repair', log])
    const info = await scratch.json(['info', log])
    expect(info.complete).toBe(false)
    expect(info.events).toBeGreaterThan(0)
    expect(info.events).toBeLessThan(events)
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
    const { err, code } = await scratch.run([
      'check',
      scratch.write('foreign.txt', [...lines.filter(Boolean), ...foreign(5), ''].join('\n')),
    ])
    expect(code).toBe(0)
    expect(err).toContain('my_event_0, my_event_1, my_event_2 and 2 more')
    expect(err).toContain('devtrail info')
  })

  test('a trace without a single event of a model is not fine, it is not judged', async () => {
    const { out, code } = await scratch.run(['check', scratch.write('nothing.txt', [...header, ...foreign(3), ''].join('\n'))])
    expect([code, out]).toEqual([0, 'nothing could be judged: the trace gave no event that a rule looks at\n'])
  })
})
