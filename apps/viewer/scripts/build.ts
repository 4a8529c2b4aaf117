// Builds the page: dist/viewer.js, dist/viewer.css and dist/worker.js, each one file that asks for no other.
import { join } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')
const conditions = ['@devtrail/source', 'browser', 'module', 'import', 'default']

for (const [name, entry, emptyOutDir] of [
  ['viewer', 'src/page/main.tsx', true],
  ['worker', 'src/worker/main.ts', false],
] as const) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: 'dist',
      emptyOutDir,
      target: 'es2023',
      modulePreload: false,
      lib: { entry: join(root, entry), formats: ['iife'], name: 'devtrail', fileName: () => `${name}.js`, cssFileName: 'viewer' },
    },
  })
}
