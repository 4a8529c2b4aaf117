/**
 * Takes each sync, rename, truncation and checksum away, one at a time, in a copy of the package, and says which test fails:
 * `pnpm --filter @devtrail/event-log removals [--only N,…]`. Exits 1 when no test misses one of them, or one is not there any more.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { removals, type Removal } from './removals.ts'

const PACKAGE = join(import.meta.dirname, '..')
const ROOT = join(PACKAGE, '../..')
/** Where else is looked, the fastest first. */
const TESTS = [
  'closing',
  'double-damage',
  'repair-faults',
  'torn-tail',
  'create',
  'keyframe',
  'hostile-files',
  'compress',
  'every-fault',
  'bit-flips',
] as const

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const only = values.only?.split(',').map(Number)

/** A file of the package in `folder` without it. @throws when it is not there any more. */
function without(folder: string, { file, snippet, instead, nth, times }: Removal): string {
  const source = readFileSync(join(folder, 'src', file), 'utf8')
  const parts = source.split(snippet)
  if (parts.length !== times + 1) throw new Error(`${file} has ${parts.length - 1} times, not ${times} times: ${snippet}`)
  return parts.slice(0, nth).join(snippet) + instead + parts.slice(nth).join(snippet)
}

/** A checkout with nothing but this package in it. */
function copied(): string {
  const root = mkdtempSync(join(tmpdir(), 'devtrail-removals-'))
  for (const name of ['package.json', 'vitest.config.ts', 'tsconfig.base.json']) cpSync(join(ROOT, name), join(root, name))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  symlinkSync(join(ROOT, 'scripts'), join(root, 'scripts'))
  const folder = join(root, 'packages/event-log')
  cpSync(PACKAGE, folder, { recursive: true, filter: (path) => !/\/(?:node_modules|dist|fuzz|bench)$/.test(path) })
  symlinkSync(join(PACKAGE, 'node_modules'), join(folder, 'node_modules'))
  symlinkSync(join(ROOT, 'packages/events'), join(root, 'packages/events'))
  return root
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[]
  }[]
}

/** The first test that fails; null when none does. */
function failing(root: string, { first }: Removal): string | null {
  const file = join(root, 'report.json')
  const flags = ['--project', 'unit', '--bail', '1', '--reporter', 'json', '--outputFile', file]
  for (const [test, title] of [first, ...TESTS.map((name) => [name, ''] as const)]) {
    rmSync(file, { force: true })
    const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...flags, '-t', title, `packages/event-log/src/file/${test}`]
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
    if (status === 0) continue
    if (!existsSync(file)) throw new Error(`${test} gives no report: ${stderr}`)
    for (const { name, assertionResults } of (JSON.parse(readFileSync(file, 'utf8')) as Report).testResults) {
      const failed = assertionResults.find((result) => result.status === 'failed')
      if (failed !== undefined) return `${basename(name)}: ${failed.title}`
    }
    throw new Error(`${test} fails without a test that does: ${readFileSync(file, 'utf8').slice(0, 2000)}`)
  }
  return null
}

for (const removal of removals) without(PACKAGE, removal)
const root = copied()
let missed = 0
try {
  for (const [i, removal] of removals.entries()) {
    if (only !== undefined && !only.includes(i + 1)) continue
    const path = join(root, 'packages/event-log/src', removal.file)
    const original = readFileSync(path)
    writeFileSync(path, without(join(root, 'packages/event-log'), removal))
    const by = failing(root, removal)
    writeFileSync(path, original)
    if (by === null) missed++
    const place = removal.times === 1 ? '' : ` (${removal.nth} of ${removal.times})`
    console.log(`${i + 1}. ${removal.file}${place}: ${removal.snippet.trim()}\n   ${by ?? 'NO TEST FAILS'}`)
  }
} finally {
  rmSync(root, { recursive: true })
}
console.log(missed === 0 ? 'each is missed by a test' : `${missed} are missed by no test`)
if (missed > 0) process.exitCode = 1
