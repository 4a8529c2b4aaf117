/** What the READMEs show is what there is; README_UPDATE=1 writes what is printed now into them. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pictureOf, wordsOf } from '@devtrail/readme'
import { afterAll, expect, test } from 'vitest'
import { BIN, ROOT } from './devtrail.ts'
import { scratchWithRecordings, testShown } from './shown.ts'

const scratch = scratchWithRecordings()
afterAll(() => scratch[Symbol.dispose]())

for (const file of ['README.md', 'apps/replay/README.md']) testShown(file, scratch)

/** Pictures of the terminal: the file, and what is seen on it. */
const PICTURES = [{ file: 'docs/pictures/crash.svg', command: 'devtrail check recordings/linux-6.1/fsdax-pinned-unbind', columns: 104 }]

test.each(PICTURES)('$file is what the command prints', async ({ file, command, columns }) => {
  const { out } = await scratch.run(wordsOf(command).slice(1), { env: { FORCE_COLOR: '1' } })
  const picture = pictureOf(`$ ${command}\n${out}`, columns)
  const path = join(ROOT, file)
  if (process.env['README_UPDATE'] === '1') writeFileSync(path, picture)
  expect(readFileSync(path, 'utf8')).toBe(picture)
})

test('the table of commands in apps/replay/README.md names those there are', () => {
  const readme = readFileSync(join(ROOT, 'apps/replay/README.md'), 'utf8')
  const told = [...readme.matchAll(/^\| `([a-z]+)[ `]/gm)].map((m) => m[1])
  const help = spawnSync(process.execPath, [BIN, '--help'], { encoding: 'utf8' }).stdout
  const there = [...help.matchAll(/^ {2}([a-z]+) (?:\[|<| {2})/gm)].map((m) => m[1]).filter((name) => name !== 'help')
  expect(told).toEqual(there)
})
