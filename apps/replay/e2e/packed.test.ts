/** Each package, packed as it would be published and installed with what it depends on, runs the examples of its README. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aligned, blocksOf, examplesOf, installedBy, linesOf } from '@devtrail/readme'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './devtrail.ts'
import { ExampleServer, withoutServer } from './example-server.ts'

interface Manifest {
  readonly name: string
  readonly packageManager?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const temp = mkdtempSync(join(tmpdir(), 'devtrail-packed-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const folders = readdirSync(join(ROOT, 'packages'))
const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

function run(command: string, args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`)
  return stdout
}

const tarballs = new Map<string, string>()

beforeAll(() => {
  const { packageManager } = manifestOf(ROOT)
  for (const folder of folders) {
    const destination = join(temp, 'tarballs', folder)
    mkdirSync(destination, { recursive: true })
    run('npx', ['--yes', packageManager!, 'pack', '--pack-destination', destination], join(ROOT, 'packages', folder))
    tarballs.set(`@devtrail/${folder}`, join(destination, readdirSync(destination)[0]!))
  }
}, 300_000)

/** A package and all of the house that it needs. */
function closure(folder: string, seen: Set<string> = new Set()): Set<string> {
  const { name, dependencies = {} } = manifestOf(join(ROOT, 'packages', folder))
  seen.add(name)
  for (const dependency of Object.keys(dependencies)) {
    if (dependency.startsWith('@devtrail/') && !seen.has(dependency)) closure(dependency.replace('@devtrail/', ''), seen)
  }
  return seen
}

const server = new ExampleServer()

test.for(folders)('%s', { timeout: 120_000 }, async (folder, context) => {
  const project = join(temp, folder)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  // Examples that read a recording name it as it lies in the repository.
  symlinkSync(join(ROOT, 'recordings'), join(project, 'recordings'))
  const blocks = blocksOf(readFileSync(join(ROOT, 'packages', folder, 'README.md'), 'utf8'))
  // What the README says is installed beside it.
  const beside = installedBy(blocks).flatMap((name) => [...closure(name.replace('@devtrail/', ''))])
  const needed = new Set([...closure(folder), ...beside])
  const files = [...needed].map((name) => tarballs.get(name)!)
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...files], project)
  const examples = examplesOf(blocks)
  expect(examples.length).toBeGreaterThan(0)
  for (const { code, output } of examples) {
    const reason = withoutServer(code)
    if (reason !== null) context.skip(reason)
    writeFileSync(join(project, 'example.ts'), code)
    const told = linesOf(output)
    expect(aligned(told, linesOf(run(process.execPath, ['example.ts'], project, await server.envOf(code))))).toEqual(told)
  }
})
