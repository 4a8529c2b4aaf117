/** Every script of the documentation is run as a reader would, or says right above it why it cannot be. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { blocksOf, scriptsIn } from '@devtrail/readme'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, recording, ROOT } from './devtrail.ts'
import { scratchWithRecordings } from './shown.ts'

const scratch = scratchWithRecordings()
// What the pages call what their reader has by then.
symlinkSync(recording('fsdax-pinned-unbind'), scratch.path('unbind'))
afterAll(() => scratch[Symbol.dispose]())

/** The commands that a reader has: devtrail, installed, and what a checkout's `npx … pnpm@… NAME` does of it. */
const bin = scratch.path('bin')
mkdirSync(bin)
const COMMANDS = {
  devtrail: `exec ${process.execPath} ${BIN} "$@"`,
  npx: `[ "$1" = --yes ] || exit 127
case $2 in pnpm@*) ;; *) exit 127 ;; esac
case $3 in demo) shift 3; exec devtrail demo "$@" ;; devtrail) shift 3; exec devtrail "$@" ;; esac
exit 127`,
  // Nothing is to be installed, or asked of another machine, by a script that nobody thought of.
  ...Object.fromEntries(['npm', 'pnpm', 'ssh', 'sudo'].map((name) => [name, 'exit 127'])),
}
for (const [name, script] of Object.entries(COMMANDS)) {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}

const PAGES = spawnSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .stdout.split('\n')
  .filter((file) => file !== '' && !file.startsWith('.changeset/') && !file.endsWith('CHANGELOG.md'))

const scripts = PAGES.flatMap((page) => scriptsIn(readFileSync(join(ROOT, page), 'utf8')).map((script) => ({ page, ...script })))
const run = scripts.filter(({ notRun }) => notRun === null)

test('there are scripts, in READMEs and in pages', () => {
  const pages = new Set(scripts.map(({ page }) => page))
  for (const page of ['README.md', 'apps/replay/README.md', 'docs/how-to/record-a-kernel.md']) expect(pages).toContain(page)
  expect(run.map(({ page }) => page)).toEqual(expect.arrayContaining(['README.md', 'docs/how-to/record-a-kernel.md']))
})

describe('a script that can be run does what it is there for', () => {
  test.each(run)('$page:$line', ({ text }) => {
    const { env } = scratch.spawnOptions({ env: { PATH: `${bin}:${process.env['PATH']}` } })
    const { status, stderr } = spawnSync('bash', ['-eu', '-o', 'pipefail'], {
      cwd: scratch.folder,
      env,
      input: text,
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/devtrail: |not found/)])
  })
})

test('a reason says something', () => {
  const short = scripts.filter(({ notRun }) => notRun !== null && !/\w+ \w+ \w+/.test(notRun))
  expect(short.map(({ page, line }) => `${page}:${line}`)).toEqual([])
})

test('the query of apps/replay/README.md tells what proves each rule that check finds broken', async () => {
  const queries = blocksOf(readFileSync(join(ROOT, 'apps/replay/README.md'), 'utf8')).filter(({ language }) => language === 'sql')
  expect(queries.length).toBe(1)
  expect((await scratch.run(['export', 'unbind', '--format', 'sqlite', '-o', 'log.sqlite'])).code).toBe(0)
  const { violations } = await scratch.json<{ violations: { rule: string; evidence: number[] }[] }>(['check', 'unbind'])
  using database = new DatabaseSync(scratch.path('log.sqlite'), { readOnly: true })
  const rows = database.prepare(queries[0]!.text).all() as { rule: string; seq: number; words: string }[]
  expect(rows.length).toBeGreaterThan(0)
  const proofs = violations.flatMap(({ rule, evidence }) => evidence.filter((seq) => seq > 0).map((seq) => `${rule} ${seq}`))
  expect(rows.map(({ rule, seq }) => `${rule} ${seq}`).toSorted()).toEqual(proofs.toSorted())
  for (const { words } of rows) expect(words).not.toBe('')
})

test('the bench of bench/README.md measures', () => {
  const [program] = blocksOf(readFileSync(join(ROOT, 'bench/README.md'), 'utf8')).filter(({ language }) => language === 'ts')
  // Within the package, where its own name leads to it.
  const folder = mkdtempSync(join(ROOT, 'bench/.readme-'))
  try {
    const file = join(folder, 'readme.bench.ts')
    const measured = `for (const it of benches) console.log(JSON.stringify(await it.measure(it.peers, { rounds: 1 })))`
    writeFileSync(file, `${program!.text}\n${measured}\n`)
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    const figures = JSON.parse(stdout) as { name: string; ratio: number; unit: string }[]
    expect(figures).toEqual([expect.objectContaining({ name: 'my-package/sum vs reduce', ratio: expect.any(Number) })])
    expect(figures[0]!.ratio).toBeGreaterThan(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
