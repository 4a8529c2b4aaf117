// pnpm check:packages, pnpm docs:packages: see README.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { apiReports } from './api-report.ts'
import { bundledBytes } from './bundle.ts'
import { broughtBy } from './dependencies.ts'
import { faultsOf } from './lint.ts'
import { deadBuildsOf, entryPointsOf, manifestOf, publishedOf, type Published } from '@devtrail/workspace'
import { shared, staleIn, tableOf, type Size } from './sizes.ts'
import { pack, type Tarball } from './tarball.ts'

const root = join(import.meta.dirname, '../../..')
const PAGE = join(root, 'docs/packages.md')
const PLACE = /(?<=<!-- sizes:begin -->\n)[\s\S]*?(?=<!-- sizes:end -->)/

const check = process.argv.includes('--check')
const packages = publishedOf(root)
const pnpm = manifestOf(root).packageManager!
const faults: string[] = []

async function sizeOf(it: Published, { bytes, unpackedBytes }: Tarball): Promise<Size> {
  const main = entryPointsOf(it).find(({ name }) => name === 'index')
  return {
    name: it.manifest.name,
    packedBytes: bytes,
    unpackedBytes,
    bundledBytes: main === undefined ? null : await bundledBytes(main.specifier, it.folder),
    ...shared(broughtBy(it.folder), packages),
  }
}

const temp = mkdtempSync(join(tmpdir(), 'devtrail-packages-'))
try {
  const sizes: Size[] = []
  for (const it of packages) {
    for (const file of deadBuildsOf(it.folder)) faults.push(`${it.manifest.name}: dist/${file} has no source any more; run "pnpm build"`)
    const tarball = pack(it, pnpm, temp)
    const found = faultsOf(tarball.file, root)
    faults.push(...found.map((fault) => `${it.manifest.name}, ${fault}`))
    sizes.push(await sizeOf(it, tarball))
    process.stdout.write(
      `${it.manifest.name}: ${tarball.files} files, ${tarball.bytes} bytes; publint and attw ${found.length === 0 ? 'ok' : 'FAILED'}\n`,
    )
  }
  const page = readFileSync(PAGE, 'utf8')
  const table = PLACE.exec(page)?.[0]
  if (table === undefined) throw new Error(`${relative(root, PAGE)} needs <!-- sizes:begin --> and, below, <!-- sizes:end -->`)
  const stale = staleIn(table, sizes)
  const reports = apiReports(packages, root, pnpm, temp, check).map((file) => relative(root, file))
  if (check) {
    if (stale.length > 0) faults.push(`docs/packages.md is stale (${stale.join('; ')}); run "pnpm docs:packages"`)
    if (reports.length > 0)
      faults.push(`public names changed, and not ${reports.join(', ')}; run "pnpm docs:packages" and look at what it changes`)
  } else {
    if (stale.length > 0)
      writeFileSync(
        PAGE,
        page.replace(PLACE, () => tableOf(sizes)),
      )
    for (const file of [...(stale.length > 0 ? ['docs/packages.md'] : []), ...reports]) process.stdout.write(`${file}\n`)
  }
} finally {
  rmSync(temp, { recursive: true, force: true })
}
for (const fault of faults) process.stderr.write(`${fault}\n`)
if (faults.length > 0) process.exitCode = 1
