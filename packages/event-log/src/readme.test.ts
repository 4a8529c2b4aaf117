import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '..')

test('the example of the README runs and prints what the README says', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const output = /```text\n([\s\S]*?)```/.exec(readme)?.[1]
  const args = ['--conditions=@devtrail/source', '--input-type=module-typescript', '--eval', code]
  const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  expect([run.stderr, run.stdout]).toStrictEqual(['', output])
})
