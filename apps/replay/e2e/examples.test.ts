/**
 * The README of a package tells the truth: each ```ts block is a program that runs against dist, and the ```text block
 * below it is what it prints; the table of its events is its catalogue's.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aligned, blocksOf, linesOf } from '@devtrail/readme'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT } from './devtrail.ts'
import { ExampleServer, withoutServer } from './example-server.ts'

// Beside this file, since apps/replay is where every package of the house resolves.
const temp = mkdtempSync(join(import.meta.dirname, '.examples-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const packages = readdirSync(join(ROOT, 'packages')).map((name) => {
  const blocks = blocksOf(readFileSync(join(ROOT, 'packages', name, 'README.md'), 'utf8'))
  return { name, languages: blocks.map((block) => block.language), blocks }
})

test.each(packages)('$name: an install line, then examples and what each prints', ({ languages }) => {
  expect(languages.join(' ')).toMatch(/^sh( ts text)+$/)
})

const examples = packages.flatMap(({ name, blocks }) =>
  blocks.flatMap(({ language, text }, i) => (language === 'ts' ? [{ name, i, code: text, output: blocks[i + 1]?.text ?? '' }] : [])),
)

const server = new ExampleServer()

describe('what an example prints', () => {
  test.for(examples)('$name', async ({ name, i, code, output }, context) => {
    const reason = withoutServer(code)
    if (reason !== null) context.skip(reason)
    const folder = join(temp, `${name}-${i}`)
    mkdirSync(folder)
    const file = join(folder, 'example.ts')
    writeFileSync(file, code)
    const ran = spawnSync(process.execPath, [file], {
      cwd: ROOT,
      env: { ...(await server.envOf(code)), TMPDIR: folder },
      encoding: 'utf8',
    })
    expect([ran.stderr, ran.status]).toEqual(['', 0])
    expect(ran.stdout).not.toBe('')
    const told = linesOf(output)
    expect(aligned(told, linesOf(ran.stdout))).toEqual(told)
  })
})

test('the tables of events are those of the catalogues', () => {
  const script = join(ROOT, 'scripts/event-tables.ts')
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=@devtrail/source', script, '--check'], { encoding: 'utf8' })
  expect([stderr, status]).toEqual(['', 0])
})
