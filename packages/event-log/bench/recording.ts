/** How large a recording is as a log. Needs a build of the app: `pnpm build`, then this with the recording's folder. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync, constants } from 'node:zlib'

const root = join(import.meta.dirname, '../../..')
const recording = process.argv[2] ?? join(root, 'recordings/linux-6.1/fsdax-gup-stress')
/** Bytes of the trace.dat that trace-cmd wrote of the default recording. */
const TRACE_DAT_BYTES = 1_832_255
const folder = join(mkdtempSync(join(tmpdir(), 'devtrail-size-')), 'log')
try {
  const run = spawnSync(process.execPath, [join(root, 'apps/replay/dist/main.js'), 'import', recording, '-o', folder], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr)
  let raw = 0
  let zstd = 0
  for (const name of readdirSync(join(folder, 'segments'))) {
    const bytes = readFileSync(join(folder, 'segments', name))
    raw += bytes.length
    zstd += zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).length
  }
  const sizes = { raw, zstd1: zstd, ofTraceDat: raw / TRACE_DAT_BYTES, zstd1OfTraceDat: zstd / TRACE_DAT_BYTES }
  console.log(process.argv.includes('--json') ? JSON.stringify(sizes) : sizes)
} finally {
  rmSync(join(folder, '..'), { recursive: true, force: true })
}
