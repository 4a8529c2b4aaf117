// Packs every package as it would be published and checks the tarball: publint (strict) for the
// manifest, arethetypeswrong for what a TypeScript consumer resolves. Needs a build.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const temp = mkdtempSync(join(tmpdir(), 'devtrail-check-packages-'))

function passes(command: string, args: readonly string[]): boolean {
  const run = spawnSync(join(root, 'node_modules/.bin', command), args, { cwd: root, encoding: 'utf8' })
  if (run.status === 0) return true
  process.stderr.write(`${run.error?.message ?? ''}${run.stdout ?? ''}${run.stderr ?? ''}`)
  return false
}

function pack(name: string): string {
  const destination = join(temp, name)
  mkdirSync(destination)
  execFileSync('pnpm', ['pack', '--pack-destination', destination], {
    cwd: join(root, 'packages', name),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const tarball = readdirSync(destination).find((file) => file.endsWith('.tgz'))
  if (tarball === undefined) throw new Error(`pnpm pack left no tarball for packages/${name}`)
  return join(destination, tarball)
}

function check(name: string): boolean {
  const tarball = pack(name)
  const manifest = passes('publint', ['--strict', tarball])
  const types = passes('attw', ['--profile', 'esm-only', '--no-color', tarball])
  process.stdout.write(`@devtrail/${name}: publint ${manifest ? 'ok' : 'FAILED'}, attw ${types ? 'ok' : 'FAILED'}\n`)
  return manifest && types
}

try {
  const names = readdirSync(join(root, 'packages'))
    .filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
    .toSorted()
  const failed = names.filter((name) => !check(name))
  if (names.length === 0 || failed.length > 0) process.exitCode = 1
} finally {
  rmSync(temp, { recursive: true, force: true })
}
