import { execFileSync } from 'node:child_process'
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

async function logIn(scratch: Scratch): Promise<string> {
  const log = scratch.path('log')
  expect(await scratch.run(['import', recording('fsdax-dev'), '-o', log])).toMatchObject({ code: 0 })
  return log
}

function flip(file: string, offset: number): void {
  const bytes = readFileSync(file)
  bytes[offset < 0 ? bytes.length + offset : offset]! ^= 1
  writeFileSync(file, bytes)
}

test('verify says that a log is whole; of a damaged one, which file and byte, with exit 3', async () => {
  using scratch = new Scratch()
  const log = await logIn(scratch)
  expect(await scratch.run(['verify', log])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^whole: [\d ]+ events up to /) as unknown,
    err: '',
  })
  const file = `${log}/segments/00000001.seg`
  flip(file, 200)
  const text = await scratch.run(['verify', log])
  expect(text).toMatchObject({ code: 3, out: expect.stringContaining(`damaged ${file}, byte 64: expected a block`) as unknown })
  const { code, out } = await scratch.run(['verify', log, '--json'])
  expect([code, JSON.parse(out)]).toMatchObject([3, { schemaVersion: 1, whole: false, damages: [{ file, offset: 64 }] }])
  expect(await scratch.run(['state', log])).toMatchObject({ code: 3, err: expect.stringContaining(file) as unknown })
})

test('repair mends a damaged index, and says when events are lost', async () => {
  using scratch = new Scratch()
  const log = await logIn(scratch)
  const file = `${log}/segments/00000001.seg`
  flip(file, -30)
  expect(await scratch.run(['verify', log])).toMatchObject({ code: 3 })
  expect(await scratch.run(['repair', log])).toMatchObject({ code: 0, out: `made anew: header and index of ${file}\nwhole again\n` })
  expect(await scratch.run(['verify', log])).toMatchObject({ code: 0 })
  expect(await scratch.run(['repair', log])).toMatchObject({ code: 0, out: 'nothing to mend\n' })
  flip(file, 200)
  expect(await scratch.run(['repair', log])).toMatchObject({
    code: 3,
    out: expect.stringContaining('1 damaged place cannot be mended') as unknown,
  })
  const { code, out } = await scratch.run(['repair', log, '--json'])
  expect([code, JSON.parse(out)]).toMatchObject([0, { schemaVersion: 1, lost: [], rebuilt: [] }])
})

test('export writes the same to a file as to stdout, and leaves nothing behind when it cannot', async () => {
  using scratch = new Scratch()
  const log = await logIn(scratch)
  const { code, out } = await scratch.run(['export', log])
  expect(code).toBe(0)
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type?: string; entry?: number; body?: string })
  expect(lines[0]).toMatchObject({ schemaVersion: 1, source: { kind: 'recording' } })
  expect(lines.at(-1)).toMatchObject({ type: 'log/ended' })
  const entries = lines.flatMap(({ entry }) => entry ?? [])
  expect(entries).toEqual(entries.toSorted((a, b) => a - b))
  const file = scratch.path('log.ndjson')
  expect(await scratch.run(['export', log, '-o', file])).toEqual({ code: 0, out: '', err: '' })
  expect(readFileSync(file, 'utf8')).toBe(out)
  expect(await scratch.run(['export', log, '-o', scratch.path('no/such/folder/x')])).toMatchObject({
    code: 3,
    err: expect.stringContaining('cannot write') as unknown,
  })
  expect(await scratch.run(['export', log, '--format', 'pdf'])).toMatchObject({ code: 2 })
})

test('verify, repair and export say what is no log', async () => {
  using scratch = new Scratch()
  expect(await scratch.run(['verify', recording('fsdax-dev')])).toMatchObject({
    code: 3,
    err: expect.stringContaining('has no log.json') as unknown,
  })
  expect(await scratch.run(['repair', scratch.path('nothing')])).toMatchObject({
    code: 3,
    err: expect.stringContaining('no such folder') as unknown,
  })
})

test('export replaces files only: a pipe and what a link leads to are written to, the log itself and folders are refused', async () => {
  using scratch = new Scratch()
  const log = await logIn(scratch)
  const whole = (await scratch.run(['export', log])).out
  symlinkSync('target', scratch.path('link'))
  expect(await scratch.run(['export', log, '-o', scratch.path('link')])).toMatchObject({ code: 0 })
  expect([lstatSync(scratch.path('link')).isSymbolicLink(), readFileSync(scratch.path('target'), 'utf8')]).toEqual([true, whole])
  const fifo = scratch.path('fifo')
  execFileSync('mkfifo', [fifo])
  const [{ code }, read] = await Promise.all([scratch.run(['export', log, '-o', fifo]), readFile(fifo, 'utf8')])
  expect([code, read, lstatSync(fifo).isFIFO()]).toEqual([0, whole, true])
  expect(await scratch.run(['export', log, '-o', `${log}/log.json`])).toMatchObject({
    code: 2,
    err: expect.stringContaining('within the log') as unknown,
  })
  expect(await scratch.run(['export', log, '-o', scratch.folder])).toMatchObject({
    code: 2,
    err: expect.stringContaining('is a folder') as unknown,
  })
  expect(await scratch.run(['verify', log])).toMatchObject({ code: 0 })
})
