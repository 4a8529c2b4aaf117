// The child of follow-writers.test.ts: continues (or creates) the log given at full speed, in small segments, until it is
// killed or has done what it was to do, and says on stdout when it is at work.
import { existsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './node-disk.ts'

const [folder = '', seed = '1'] = process.argv.slice(2)
let random = Number(seed)
const below = (n: number): number => {
  random = (random * 48271) % 0x7fffffff
  return random % n
}

const sizes = { blockEvents: 256, segmentBytes: 40_000 }
const options = { compress: below(3) > 0 }
const writer = existsSync(join(folder, 'log.json'))
  ? await appendOn(nodeDisk, folder, sampleVocabulary, sizes, options)
  : await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, options, sizes)
writeSync(1, 'at work\n')

// One in three closes the log itself, if nobody is quicker.
const rounds = below(3) === 0 ? below(20) : Infinity
for (let round = 0; round < rounds; round++) {
  const first = writer.lastSeq + 1
  const last = first + below([3, 300, 3000][below(3)] ?? 3)
  await writer.append(sampleEvents(last, { first }))
  const level = (['buffered', 'written', 'written', 'durable'] as const)[below(4)] ?? 'written'
  await writer.flush(level)
}
await writer.close()
