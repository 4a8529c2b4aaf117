import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deadBuildsOf, removeDeadBuilds } from './dead-builds.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'devtrail-dead-builds-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function given(...files: string[]): void {
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), '')
  }
}

test('what is built of a source that is gone is dead, in any folder', () => {
  given('src/a.ts', 'src/deep/view.tsx', 'dist/a.js', 'dist/a.js.map', 'dist/a.d.ts', 'dist/a.d.ts.map', 'dist/deep/view.js')
  given('dist/gone.js', 'dist/gone.d.ts.map', 'dist/deep/gone.d.ts')
  expect(deadBuildsOf(folder)).toEqual(['deep/gone.d.ts', 'gone.d.ts.map', 'gone.js'])
  expect(removeDeadBuilds(folder)).toBe(3)
  expect(deadBuildsOf(folder)).toEqual([])
  expect(existsSync(join(folder, 'dist/a.d.ts.map'))).toBe(true)
})

test('what no compiler made stays: pages, build information', () => {
  given('src/a.ts', 'dist/.tsbuildinfo', 'dist/page/index.html')
  expect(deadBuildsOf(folder)).toEqual([])
})

test('a folder without sources or without a build has none', () => {
  expect(deadBuildsOf(folder)).toEqual([])
  given('dist/a.js')
  expect(deadBuildsOf(folder)).toEqual([])
})
