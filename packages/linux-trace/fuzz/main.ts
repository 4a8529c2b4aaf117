/** `pnpm --filter @devtrail/linux-trace fuzz`: fuzzes what reads recordings; fuzz/README.md says how. */
import { join } from 'node:path'
import { fuzzCommand } from '@devtrail/fuzz'

await fuzzCommand({
  package: '@devtrail/linux-trace',
  names: ['text', 'dat', 'damage', 'beside', 'btf'],
  module: new URL('./targets.ts', import.meta.url).href,
  measured: ['linux-trace', 'events'],
  found: join(import.meta.dirname, 'found'),
})
