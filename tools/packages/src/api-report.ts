import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { entryPointsOf, type Published, run } from '@devtrail/workspace'

const EXTRACTOR = join(import.meta.dirname, '../api-extractor')

/** Where the reports of a package stand: one a entry point, beside its sources. */
const reportsOf = ({ folder }: Published): string => join(folder, 'api')

/** Makes the API reports anew, or with `check` only looks; gives the files that were stale. Needs a build. */
export function apiReports(packages: readonly Published[], root: string, pnpm: string, temp: string, check: boolean): string[] {
  run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile'], { cwd: EXTRACTOR })
  const entries = packages.flatMap((it) =>
    entryPointsOf(it).map(({ name, types }) => ({ folder: it.folder, types, reports: reportsOf(it), report: `${name}.api.md` })),
  )
  if (!check) for (const { reports } of entries) mkdirSync(reports, { recursive: true })
  const args = [join(EXTRACTOR, 'report.mjs'), check ? 'check' : 'write', root, temp]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input: JSON.stringify(entries), encoding: 'utf8' })
  if (status !== 0) throw new Error(`the API reports cannot be made:\n${stdout}${stderr}`)
  const wanted = new Set(entries.map(({ reports, report }) => join(reports, report)))
  const there = packages
    .map(reportsOf)
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []))
  const surplus = there.filter((file) => !wanted.has(file))
  if (!check) for (const file of surplus) rmSync(file)
  return [...stdout.split('\n').filter(Boolean), ...surplus]
}
