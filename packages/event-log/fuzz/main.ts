/** `pnpm --filter @devtrail/event-log fuzz`: fuzzes what reads a log; fuzz/README.md says how. */
import { fuzzCommand } from '@devtrail/fuzz'
import { join } from 'node:path'

await fuzzCommand({
  package: '@devtrail/event-log',
  names: ['block', 'segment', 'keyframe', 'json'],
  module: new URL('./targets.ts', import.meta.url).href,
  measured: ['event-log', 'events'],
  found: join(import.meta.dirname, 'found'),
})
