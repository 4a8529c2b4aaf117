import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { faultsOf } from './lint.ts'

const ROOT = join(import.meta.dirname, '../../..')
const temp = mkdtempSync(join(tmpdir(), 'devtrail-lint-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const FILES = { 'index.js': 'export const x = 1\n', 'index.d.ts': 'export declare const x: number\n' }

/** A package with these exports, as npm packs one. */
function tarballOf(name: string, exported: object, files: Readonly<Record<string, string>>): string {
  const folder = join(temp, name, 'package')
  mkdirSync(folder, { recursive: true })
  const manifest = { name, version: '1.0.0', license: 'MIT', type: 'module', files: Object.keys(files), exports: { '.': exported } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  const tarball = join(temp, `${name}.tgz`)
  execFileSync('tar', ['-czf', tarball, '-C', join(temp, name), 'package'])
  return tarball
}

const commandsIn = (faults: readonly string[]): string[] => faults.map((fault) => fault.split(':', 1)[0]!)

it('a package that is right has no faults', () => {
  expect(faultsOf(tarballOf('right', { types: './index.d.ts', default: './index.js' }, FILES), ROOT)).toEqual([])
})

it('one that exports what it does not hold is named by publint, with why', () => {
  const faults = faultsOf(tarballOf('hollow', { types: './index.d.ts', default: './gone.js' }, FILES), ROOT)
  expect(commandsIn(faults)).toContain('publint')
  expect(faults.join('\n')).toContain('gone.js')
})

it('one whose types lead nowhere for Node is named by attw', () => {
  const files = {
    'index.js': "export { x } from './x.js'\n",
    'x.js': FILES['index.js'],
    'index.d.ts': "export { x } from './x'\n",
    'x.d.ts': FILES['index.d.ts'],
  }
  expect(commandsIn(faultsOf(tarballOf('unresolved', { types: './index.d.ts', default: './index.js' }, files), ROOT))).toEqual(['attw'])
})
