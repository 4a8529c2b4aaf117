import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conformanceCommand } from './command.ts'
import { runSequence } from './run-sequence.ts'
import type { Operation, Sequence } from './sequence.ts'
import { subsystems } from './subsystems.ts'
import { sequencesOf, vectorFiles } from './vector-files.ts'

const COPIED = join(import.meta.dirname, '../../recordings/vectors')
/** All that was recorded, where it is at hand. */
const WHOLE = join(import.meta.dirname, '../../../shared/vectors')

async function command(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await conformanceCommand(subsystems, args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}

/** The paths of all leaves of an answer. */
function leaves(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Object.entries(value)
  if (inner.length === 0) return []
  return inner.flatMap(([key, v]) => leaves(v, [...path, key]))
}

const other = (value: unknown): unknown => (typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value}0` : 'something')

function changed(operation: Operation, path: readonly (string | number)[]): Operation {
  const copy = structuredClone(operation) as Record<string | number, unknown>
  const holder = path.slice(0, -1).reduce((at, key) => at[key] as Record<string | number, unknown>, copy)
  const last = path.at(-1)!
  holder[last] = other(holder[last])
  return copy as unknown as Operation
}

const lineOf = (ops: readonly unknown[], subsystem = 'percpu_ref'): string => JSON.stringify({ subsystem, id: 'x-1', nrefs: 1, ops })

it.each([COPIED, WHOLE].filter((folder) => existsSync(folder)))('the models answer as Linux 6.1 did: %s', async (folder) => {
  const { code, out } = await command(folder)
  expect([code, out]).toEqual([0, expect.stringMatching(/^conformance: \d+ sequences, \d+ operations, 0 divergences\n$/)])
  expect(Number(/ (\d+) operations/.exec(out)![1])).toBeGreaterThan(10_000)
})

describe('an answer that was changed', () => {
  const sequences: Sequence[] = []
  beforeAll(async () => {
    for (const file of await vectorFiles(COPIED)) for await (const sequence of sequencesOf(file)) sequences.push(sequence)
  })

  it('is a divergence, in that operation', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (s, o, l) => {
        const sequence = sequences[s % sequences.length]!
        const index = o % sequence.ops.length
        const { op: _, args: __, msg: ___, ...answers } = sequence.ops[index]!
        const paths = leaves(answers)
        const path = paths[l % paths.length]!
        const ops = sequence.ops.map((operation, i) => (i === index ? changed(operation, path) : operation))
        const { divergence, operations } = runSequence(subsystems[sequence.subsystem]!, { ...sequence, ops })
        expect([divergence?.operation, operations]).toEqual([index, index + 1])
      }),
      { numRuns: 2000 },
    )
  })

  it('one that is left out, or added, is a divergence too', () => {
    const sequence = sequences.find(({ ops }) => ops.some(({ warn }) => warn !== undefined))!
    const index = sequence.ops.findIndex(({ warn }) => warn !== undefined)
    const { warn: _, ...without } = sequence.ops[index]!
    const run = (operation: Operation): number | undefined =>
      runSequence(subsystems[sequence.subsystem]!, { ...sequence, ops: sequence.ops.with(index, operation) }).divergence?.operation
    expect([run(without as Operation), run({ ...sequence.ops[index]!, surprise: 1 })]).toEqual([index, index])
  })
})

describe('the command', () => {
  let folder: string
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'devtrail-conformance-'))))
  afterAll(() => rm(folder, { recursive: true }))

  const init = {
    op: 'init',
    args: { ref: 0, flags: 1 },
    ret: 0,
    refs: [{ ref: 0, mode: 1, is_zero: 0, is_dying: 0, count: 1, pending: 0, force_atomic: 1, allow_reinit: 1 }],
  }

  it('names sequence, operation, what was expected and what came', async () => {
    await writeFile(join(folder, 'a.jsonl'), `${lineOf([init, { op: 'is_zero', args: { ref: 0 }, ret: 1, refs: init.refs }])}\n`)
    const { code, out } = await command(folder)
    expect([code, out]).toEqual([
      1,
      'x-1, operation 1: is_zero {"ref":0}\n  expected {"ret":1}\n  got      {"ret":0}\nconformance: 1 sequences, 2 operations, 1 divergences\n',
    ])
  })

  it('an operation that nobody knows is a divergence, not skipped', async () => {
    await writeFile(join(folder, 'a.jsonl'), `${lineOf([init, { op: 'explode', args: { ref: 0 }, ret: 1 }])}\n`)
    expect(await command(folder)).toMatchObject({ code: 1, out: expect.stringContaining('UnknownOperation: explode') as string })
  })

  it('packed files are read; a folder without any ends with 3', async () => {
    await rm(join(folder, 'a.jsonl'))
    expect(await command(folder)).toMatchObject({ code: 3, out: 'conformance: 0 sequences, 0 operations, 0 divergences\n' })
    await writeFile(join(folder, 'a.jsonl.gz'), gzipSync(lineOf([init])))
    expect(await command(folder)).toMatchObject({ code: 0 })
  })

  it('what cannot be read ends with 2 and says where', async () => {
    await writeFile(join(folder, 'b.jsonl'), `${lineOf([init])}\n{"subsystem":\n`)
    expect(await command(folder)).toMatchObject({ code: 2, err: expect.stringContaining('b.jsonl:2: ') as string })
    await writeFile(join(folder, 'b.jsonl'), lineOf([init], 'toString'))
    expect(await command(folder)).toMatchObject({ code: 2, err: expect.stringContaining('is of subsystem toString; known are') as string })
    await writeFile(join(folder, 'b.jsonl.gz'), gzipSync(lineOf([init])).subarray(0, 40))
    await rm(join(folder, 'b.jsonl'))
    expect(await command(folder)).toMatchObject({ code: 2, err: expect.stringContaining('b.jsonl.gz') as string })
    expect(await command(join(folder, 'nowhere'))).toMatchObject({ code: 2 })
    expect(await command()).toMatchObject({ code: 2, err: expect.stringContaining('usage: pnpm conformance DIR') as string })
    expect(await command('--all')).toMatchObject({ code: 2, err: expect.stringContaining('usage: pnpm conformance DIR') as string })
  })

  it('says how it is used when it is asked', async () => {
    expect(await command('--help')).toMatchObject({ code: 0, out: expect.stringContaining('usage: pnpm conformance DIR') as string })
  })

  it('a sequence that would compare nothing, or is none, is named: file, line, sequence, operation', async () => {
    const one = await mkdtemp(join(folder, 'one-'))
    const file = join(one, 'a.jsonl')
    for (const [line, message] of [
      [lineOf([]), 'x-1 has no operations'],
      [lineOf([init, null]), 'x-1, operation 1: an operation has an op and args'],
      [lineOf([{ op: 'sync' }]), 'x-1, operation 0: an operation has an op and args'],
      ['null', 'a sequence is an object'],
      ['{}', 'a sequence has a subsystem, an id and ops'],
    ] as const) {
      await writeFile(file, `${lineOf([init])}\n${line}\n`)
      expect(await command(one)).toMatchObject({ code: 2, err: expect.stringContaining(`a.jsonl:2: ${message}`) as string })
    }
  })

  it('a byte order mark is no part of a file, and a folder is none', async () => {
    const one = await mkdtemp(join(folder, 'marked-'))
    await mkdir(join(one, 'x.jsonl'))
    await writeFile(join(one, 'a.jsonl'), `\uFEFF${lineOf([init])}\n`)
    expect(await command(one)).toMatchObject({ code: 0, out: 'conformance: 1 sequences, 1 operations, 0 divergences\n' })
  })

  it('a reader that goes away, or a full disk, is an exit code and no stack', async () => {
    const one = await mkdtemp(join(folder, 'piped-'))
    await writeFile(join(one, 'a.jsonl'), lineOf([{ ...init, ret: 1 }]))
    const script = join(import.meta.dirname, '../../scripts/conformance.ts')
    const run = `"${process.execPath}" --conditions=@devtrail/source "${script}" "$1"`
    const shell = async (line: string) => promisify(execFile)('bash', ['-c', line, 'bash', one]).catch((error: unknown) => error)
    expect(await shell(`set -o pipefail; ${run} | head -c 0`)).toMatchObject({ code: 1, stderr: '' })
    if (!existsSync('/dev/full')) return
    expect(await shell(`${run} > /dev/full`)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^[^\n]*ENOSPC[^\n]*\n$/) as string })
  })
})
