/** A process that gave an import up ends: the thread that read the trace does not keep it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

it('after an import of a large trace was given up', { timeout: 30_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'devtrail-leaves-'))
  try {
    const path = join(folder, 'large.txt')
    const line = '   sh-1 [000] ..... 1.000001: r: (__release_region+0x0/0x100) parent=0xffffffff8f651c40 start=0x1000 n=0x10\n'
    await writeFile(path, line.repeat(120_000))
    const program = `
      import { importRecording } from ${source('../index.ts')}
      import { openRecording } from ${source('./index.ts')}
      const { recording } = await openRecording(${JSON.stringify(path)})
      const sink = { event() {}, kept() {} }
      await importRecording(recording, sink, { signal: AbortSignal.abort() }).catch((error) => console.log(error.name))`
    const main = join(folder, 'main.mjs')
    await writeFile(main, program)
    const args = ['--conditions=@devtrail/source', '--disable-warning=ExperimentalWarning', main]
    const { stdout } = await run(process.execPath, args, { timeout: 20_000 })
    expect(stdout).toBe('AbortError\n')
  } finally {
    await rm(folder, { recursive: true })
  }
})
