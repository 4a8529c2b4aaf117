import { defineConfig } from 'vitest/config'

// Unit tests see the sources of every package, so a stale or missing build cannot mislead them.
const source = '@devtrail/source'
const conditions = [source, 'module', 'node', 'development|production']

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        resolve: { conditions },
        ssr: { resolve: { conditions, externalConditions: [source, 'node'] } },
        test: {
          name: 'unit',
          // A busy machine is slow, and that breaks nothing.
          testTimeout: 60_000,
          include: ['packages/*/{src,fuzz}/**/*.test.ts', 'apps/*/src/**/*.test.ts', '{bench,conformance,fuzz,tools/*}/src/**/*.test.ts'],
          benchmark: { include: [] },
        },
      },
      {
        // The command as users get it: runs against dist, after a build.
        test: {
          name: 'e2e',
          include: ['apps/*/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A busy machine is slow, and that breaks nothing.
          expect: { poll: { timeout: 20_000 } },
          benchmark: { include: [] },
        },
      },
    ],
  },
})
