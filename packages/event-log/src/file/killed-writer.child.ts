// The child of killed-writer.test-support.ts: creates or continues the log of its plan until it is killed, by its parent or by
// itself at an operation on the disk, and says on stdout what was acknowledged, after it was.
import { existsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { LogWriter } from '../contract.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { createOn } from './create.ts'
import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { FOLD, changesAt } from './keyframes.test-support.ts'
import type { Plan } from './killed-writer.test-support.ts'

const { folder, seed, operation, atomic, compress, sizes } = JSON.parse(process.argv[2] ?? '') as Plan
let random = seed
const below = (n: number): number => {
  random = (random * 48271) % 0x7fffffff
  return random % n
}
const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`)

let operations = 0
const dies = (): boolean => ++operations === operation?.at
function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // It is dead before this is over.
  for (;;);
}

/** Dies before an operation, or as soon as it is under way. */
function fatal<T>(work: () => Promise<T>): Promise<T> {
  if (!dies()) return work()
  if (operation!.how !== 'before') void work()
  return die()
}

/** This machine's disk, which kills at the operation of the plan; of a write some part may be done. */
const disk: Disk = {
  ...nodeDisk,
  mkdir: (path) => fatal(() => nodeDisk.mkdir(path)),
  mkdtemp: (prefix, like) => fatal(() => nodeDisk.mkdtemp(prefix, like)),
  rename: (from, to) => fatal(() => nodeDisk.rename(from, to)),
  remove: (path) => fatal(() => nodeDisk.remove(path)),
  syncFolder: (path) => fatal(() => nodeDisk.syncFolder(path)),
  open: async (path, flags) => {
    const file = await (flags.startsWith('w') ? fatal(() => nodeDisk.open(path, flags)) : nodeDisk.open(path, flags))
    return {
      read: (into, position) => file.read(into, position),
      write: async (bytes, position) => {
        if (!dies()) return file.write(bytes, position)
        if (operation!.how === 'torn') await file.write(bytes.subarray(0, below(bytes.length + 1)), position)
        else if (operation!.how === 'during') void file.write(bytes, position)
        die()
      },
      sync: () => fatal(() => file.sync()),
      truncate: (size) => fatal(() => file.truncate(size)),
      size: () => file.size(),
      id: () => file.id(),
      close: () => file.close(),
    }
  },
}

let since: number | null = null

/** Appends some events, now and then enough for a write that can be interrupted in its middle, and what else a writer does. */
async function work(writer: LogWriter): Promise<void> {
  const first = writer.lastSeq + 1
  const last = first + below(below(10) === 0 ? 8000 : 150)
  await writer.append(sampleEvents(last, { first }))
  if (below(5) === 0) {
    const at = writer.lastSeq
    const storing = writer.keyframe(FOLD, changesAt(at, since)).then((level) => level === 'durable' && say('keyframe', at))
    since = at
    if (below(2) === 0) await storing
  }
  if (below(3) === 0) return
  const level = await writer.flush(below(2) === 0 ? 'durable' : 'written')
  if (level !== 'buffered') say(level, writer.lastSeq)
  if (below(8) > 0) return
  const name = `at-${writer.lastSeq}`
  const bytes = new Uint8Array(below(below(8) === 0 ? 3_000_000 : 30_000)).fill(writer.lastSeq % 256)
  if ((await writer.attach(name, bytes)) === 'durable') say('attached', name)
}

for (;;) {
  const isThere = existsSync(join(folder, 'log.json'))
  const writer = isThere
    ? await appendOn(disk, folder, sampleVocabulary, sizes, { compress })
    : await createOn(disk, folder, sampleMeta(), sampleVocabulary, { atomic, compress }, sizes)
  say('opened', writer.lastSeq, writer.cutTail?.bytes ?? 0)
  since = null
  // What is atomic is there only when it is closed; others are closed now and then.
  for (let left = atomic && !isThere ? 1 + below(6) : 4 + below(40); left > 0; left--) await work(writer)
  if ((await writer.close()) === 'durable') say('closed', writer.lastSeq)
}
