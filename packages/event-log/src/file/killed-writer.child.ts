// The child of killed-writer.test.ts: continues (or creates) the log given, until it is killed, and says on stdout
// what was acknowledged, after it was.
import { existsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './disk.ts'
import { FOLD, changesAt } from './keyframes.test-support.ts'
import { SIZES } from './writer.ts'

const [folder = '', seed = '1', segmentBytes = ''] = process.argv.slice(2)
let random = Number(seed)
const below = (n: number): number => {
  random = (random * 48271) % 0x7fffffff
  return random % n
}

// With segments of a size of its own it compresses them.
const compress = segmentBytes !== ''
const sizes = compress ? { ...SIZES, segmentBytes: Number(segmentBytes) } : SIZES
const writer = existsSync(join(folder, 'log.json'))
  ? await appendOn(nodeDisk, folder, sampleVocabulary, sizes, { compress })
  : await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, { compress }, sizes)
writeSync(1, `opened ${writer.lastSeq} ${writer.cutTail?.bytes ?? 0}\n`)

let since: number | null = null
for (let round = 0; ; round++) {
  const first = writer.lastSeq + 1
  // Now and then a batch large enough for a write that can be interrupted in its middle.
  const last = first + below(below(8) === 0 ? 20_000 : 200)
  await writer.append(sampleEvents(last, { first }))
  if (below(4) === 0) {
    const at = writer.lastSeq
    const storing = writer.keyframe(FOLD, changesAt(at, since)).then(() => writeSync(1, `keyframe ${at}\n`))
    since = at
    if (below(2) === 0) await storing
  }
  if (below(3) === 0) continue
  const level = await writer.flush(below(2) === 0 ? 'durable' : 'written')
  writeSync(1, `${level} ${writer.lastSeq}\n`)
  if (below(10) === 0) {
    const name = `at-${writer.lastSeq}`
    await writer.attach(name, new Uint8Array(below(5_000_000)).fill(writer.lastSeq % 256))
    writeSync(1, `attached ${name}\n`)
  }
}
