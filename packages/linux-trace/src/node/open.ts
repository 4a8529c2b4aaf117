import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { isDat, MAGIC_BYTES } from '../binary/dat-file.ts'
import { RecordingError } from '../errors.ts'
import type { EntryBatch } from '../entries/batch.ts'
import type { Recording } from '../recording.ts'
import type { TraceSummary } from '../text/summary.ts'
import { bytesOf, CHUNK_BYTES, head, headWithin, isGzip } from './bytes-of.ts'
import { FOREIGN_BYTES, foreignForm } from './foreign.ts'
import { foresee } from './foresee.ts'
import { ThreadedTrace } from './read-thread.ts'

/** Names a trace can have in a recording's folder, the first there is taken. */
const TRACES = ['trace.txt', 'trace.txt.gz', 'trace.dat', 'trace.dat.gz'] as const
/** The parts beside the trace that are read; `*.after` is never looked at. */
const PARTS = {
  iomem: 'iomem.before',
  ndctl: 'ndctl.before.json',
  mounts: 'mounts.before',
  uname: 'uname.txt',
  traceClock: 'trace_clock.txt',
  kprobeEvents: 'kprobe_events.txt',
  kprobeProfile: 'kprobe_profile.txt',
  stats: 'stats.txt',
  dmesg: 'dmesg.txt',
} as const
/** A part is text of a page or so; anything larger is not what its name says. */
const PART_BYTES_MAX = 64 << 20
/** Some lines of counts. */
const STATS_BYTES_MAX = 1 << 16

/** A recording found on disk, or on stdin. */
export interface OpenedRecording {
  readonly recording: Recording
  /** SHA-256 over everything it consists of, hex. */
  readonly fingerprint: () => Promise<string>
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => false,
  )
}

/** Bytes of a trace from which on a thread of its own pays; a packed one is about a tenth. */
const LARGE_BYTES = 8 << 20

async function traceOf(path: string, isBinary: boolean, kprobeEvents: string): Promise<Pick<Recording, 'trace' | 'begin'>> {
  if (await isLarge(path)) {
    const trace = new ThreadedTrace(path, kprobeEvents)
    return { trace: trace.read, begin: () => trace.begin() }
  }
  return { trace: isBinary ? (summary, probes) => datOf(path, summary, probes) : bytesOf(path) }
}

/** What reads it is loaded when it is to be read here: of a large one a thread does it, which then begins the sooner. */
async function* datOf(path: string, summary: TraceSummary, kprobeEvents: string): AsyncGenerator<EntryBatch> {
  const { readDat } = await import('./read-dat.ts')
  yield* readDat(path, summary, kprobeEvents)
}

async function isLarge(trace: string): Promise<boolean> {
  const { size } = await stat(trace)
  return size * ((await isGzip(trace)) ? 10 : 1) >= LARGE_BYTES
}

async function parts(folder: string): Promise<{ texts: Partial<Record<keyof typeof PARTS, string>>; files: string[] }> {
  const texts: Partial<Record<keyof typeof PARTS, string>> = {}
  const files: string[] = []
  for (const [part, name] of Object.entries(PARTS) as [keyof typeof PARTS, string][]) {
    const path = join(folder, name)
    if (!(await exists(path))) continue
    const { size } = await stat(path)
    if (size > PART_BYTES_MAX) throw new RecordingError(`${path} has ${size} bytes; expected a text of at most ${PART_BYTES_MAX}`)
    texts[part] = await readFile(path, 'utf8')
    files.push(path)
  }
  if (texts.stats === undefined) await perCpuStats(folder, texts, files)
  return { texts, files }
}

/** The counts of each CPU as tracefs has them: `per_cpu/cpuN/stats`. */
async function perCpuStats(folder: string, texts: Partial<Record<keyof typeof PARTS, string>>, files: string[]): Promise<void> {
  const names = await readdir(join(folder, 'per_cpu')).catch(() => [])
  for (const name of names.toSorted((a, b) => a.localeCompare(b))) {
    const cpu = /^cpu(\d{1,4})$/.exec(name)?.[1]
    const path = join(folder, 'per_cpu', name, 'stats')
    if (cpu === undefined || !(await exists(path)) || (await stat(path)).size > STATS_BYTES_MAX) continue
    texts.stats = `${texts.stats ?? ''}CPU: ${cpu}\n${await readFile(path, 'utf8')}\n`
    files.push(path)
  }
}

async function digest(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of files) {
    const { size } = await stat(path)
    hash.update(`${basename(path)}\0${size}\0`)
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

async function findTrace(path: string): Promise<{ trace: string; folder: string | null }> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new RecordingError(
      error.code === 'ENOENT' ? `${path} does not exist; expected a recording's folder or a trace file` : `${path}: ${error.message}`,
      { cause: error },
    )
  })
  if (!found.isDirectory()) {
    // A trace file out of a recording's folder brings the rest of the folder with it.
    const named = (TRACES as readonly string[]).includes(basename(path))
    return { trace: path, folder: named ? dirname(resolve(path)) : null }
  }
  for (const name of TRACES) if (await exists(join(path, name))) return { trace: join(path, name), folder: path }
  throw new RecordingError(`${path} has no trace: expected ${TRACES.join(', ')}`)
}

/**
 * Opens a recording: a folder with a trace and what was noted beside it, one trace file, or `-` for a trace on stdin.
 * @throws RecordingError
 */
export async function openRecording(path: string): Promise<OpenedRecording> {
  if (typeof path !== 'string') throw new TypeError('openRecording takes the path of a recording, or - for stdin')
  if (path === '-') {
    const recording: Recording = { trace: process.stdin as AsyncIterable<Uint8Array>, name: 'stdin' }
    return {
      recording,
      fingerprint: () => Promise.reject(new RecordingError('a trace on stdin has no fingerprint: it can be read only once')),
    }
  }
  const { trace, folder } = await findTrace(path)
  const beside: Awaited<ReturnType<typeof parts>> = folder === null ? { texts: {}, files: [] } : await parts(folder)
  const first = await head(trace, FOREIGN_BYTES)
  const foreign = foreignForm(first)
  if (foreign !== null) throw new RecordingError(`${trace} is ${foreign}`)
  const binary = isDat(await headWithin(trace, MAGIC_BYTES))
  const recording: Recording = {
    ...(await traceOf(trace, binary, beside.texts.kprobeEvents ?? '')),
    name: basename(resolve(folder ?? trace)),
    ...beside.texts,
    ...(binary ? {} : { foresee: () => foresee(() => bytesOf(trace), beside.texts.kprobeEvents ?? '') }),
  }
  return { recording, fingerprint: () => digest([trace, ...beside.files]) }
}
