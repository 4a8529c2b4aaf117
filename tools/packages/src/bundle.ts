import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'

/** Bytes that importing everything of an entry point adds to a bundle, minified and gzipped; what it depends on included, Node excluded. */
export async function bundledBytes(specifier: string, from: string): Promise<number> {
  const temp = mkdtempSync(join(from, '.bundle-'))
  try {
    const entry = join(temp, 'entry.js')
    writeFileSync(entry, `export * from '${specifier}'\n`)
    const result = (await build({
      root: temp,
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        minify: true,
        lib: { entry, formats: ['es'], fileName: 'bundle' },
        rolldownOptions: { external: (id: string) => isBuiltin(id) },
      },
    })) as Rolldown.RolldownOutput[]
    const chunks = [result].flat().flatMap(({ output }) => output)
    return chunks.reduce((sum, chunk) => sum + gzipSync('code' in chunk ? chunk.code : chunk.source).length, 0)
  } finally {
    rmSync(temp, { recursive: true, force: true })
  }
}
