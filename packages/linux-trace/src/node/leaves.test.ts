/** A process that gave an import up ends: the thread that read the trace does not keep it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

const line = '   sh-1 [000] ..... 1.000001: r: (__release_region+0x0/0x100) parent=0xffffffff8f651c40 start=0x1000 n=0x10\n'

/** What a program prints before it ends by itself; `TRACE` in it stands for the path of a large trace. */
async function printed(program: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'devtrail-leaves-'))
  try {
    const path = join(folder, 'large.txt')
    await writeFile(path, line.repeat(120_000))
    const main = join(folder, 'main.mjs')
    await writeFile(main, program.replace('TRACE', JSON.stringify(path)))
    const args = ['--conditions=@devtrail/source', '--disable-warning=ExperimentalWarning', main]
    return (await run(process.execPath, args, { timeout: 20_000 })).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}

it('after an import of a large trace was given up', { timeout: 30_000 }, async () => {
  const program = `
    import { importRecording } from ${source('../index.ts')}
    import { openRecording } from ${source('./index.ts')}
    const { recording } = await openRecording(TRACE)
    const sink = { event() {}, kept() {} }
    await importRecording(recording, sink, { signal: AbortSignal.abort() }).catch((error) => console.log(error.name))`
  expect(await printed(program)).toBe('AbortError\n')
})

it('when nobody asks for what the thread has begun to read', { timeout: 30_000 }, async () => {
  const program = `
    import { openRecording } from ${source('./index.ts')}
    const { recording } = await openRecording(TRACE)
    recording.begin()
    console.log('begun')`
  expect(await printed(program)).toBe('begun\n')
})
