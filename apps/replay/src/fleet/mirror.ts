/**
 * A log on a server as a log in the cache that is brought up to what the server has: what came since is fetched, and nothing twice.
 * So every command reads it as a log of this machine, and it can be read as long as the cache has it.
 */
import { createHash, randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LogDamagedError, LogUsageError, type LogMeta } from '@devtrail/event-log'
import { appendFileLog, createFileLog, openFileLog } from '@devtrail/event-log/file'
import type { LogContents } from '@devtrail/event-log-jetstream'
import { vocabulary } from '@devtrail/survey'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { cacheFolder, prepareCache, tidy, touch, writingCache } from '../logs/cache.ts'
import { foldVersion } from '../logs/code-version.ts'
import { Holes, holeName, type Hole, keptHoles, spanText } from './holes.ts'
import { copyLog, newestOf, NOTHING, type Have } from './copy.ts'
import type { RemoteLog } from './remote.ts'

/** How long another devtrail is waited for that brings the same copy up to date, in milliseconds. */
const OTHER_MS = 60_000
const POLL_MS = 100
/** Stretches of lost events that are told one by one. */
const SPANS_MAX = 5

/** Where the copy of a log is; a log made anew under the same name has another. */
function folderOf(cache: string, { stream, host }: RemoteLog, { id }: LogContents): string {
  const key = createHash('sha256').update(['nats', stream, host, id].join('\0')).digest('hex').slice(0, 32)
  return join(cache, key)
}

/** What the copy has; null when there is none. @throws LogDamagedError. */
export async function haveIn(folder: string): Promise<Have | null> {
  try {
    await using reader = await openFileLog(folder, vocabulary)
    const events = (await reader.summaries()).reduce((sum, { count }) => sum + count, reader.gone.events)
    const [attachments, keyframes] = [await reader.attachments(), await reader.keyframes(foldVersion())]
    return {
      start: reader.gone.seq,
      events,
      lastSeq: reader.lastSeq,
      attachments: new Set(attachments.map(({ name }) => name)),
      keyframes: new Set(keyframes),
    }
  } catch (error) {
    if (error instanceof LogUsageError && (error.code === 'not-found' || error.code === 'not-a-log')) return null
    throw error
  }
}

/** Reads the copy from end to end: it is not asked for what it cannot answer while the server can. @throws LogDamagedError. */
async function mustBeReadable(folder: string): Promise<void> {
  await using reader = await openFileLog(folder, vocabulary)
  for await (const _ of reader.blocks());
  for (const { name } of await reader.attachments()) for await (const _ of reader.attachmentChunks(name));
}

function isBehind(have: Have, { events, attachments, keyframes }: LogContents): boolean {
  const missesKeyframe = (keyframes.get(foldVersion()) ?? []).some((seq) => seq <= have.lastSeq && seq > newestOf(have))
  return have.events < events || missesKeyframe || attachments.some((name) => !have.attachments.has(name))
}

/** Damaged places told of one hole. */
const DAMAGES_MAX = 20

/** Of how many hosts a log is that numbers them; 0 of a log of one. */
const hostsOf = ({ source }: LogMeta): number =>
  source['kind'] === 'merged' && Array.isArray(source['hosts']) ? source['hosts'].length : 0

/** Says what of a log its server lost. */
export function tellHoles(names: Iterable<string>, text: string, session: Pick<Session, 'note'>): void {
  const spans = keptHoles(names).map(spanText)
  if (spans.length === 0) return
  const shown =
    spans.slice(0, SPANS_MAX).join(', ') + (spans.length > SPANS_MAX ? ` and ${spans.length - SPANS_MAX} more such stretches` : '')
  session.note(
    `${text}: ${shown} are lost on the server; what they told is not known, and what was known before is in doubt behind them. devtrail repair ${text} --from LOG puts them again, LOG being the log where it was recorded`,
  )
}

const leftOut = (name: string, { text, stream, host }: RemoteLog): string =>
  `${text}: the attachment ${name} is damaged on the server and left out; every event is told without it, what info shows of the recording may be missing. Purge ${stream}.${host}.> and ship the log again to have it`

/** Fetches what is missing. */
async function fetchInto(
  folder: string,
  known: Have | null,
  { events, lastSeq, mended, letsGo, attachments: names }: LogContents,
  remote: RemoteLog,
  session: Session,
): Promise<void> {
  await session.interrupt.shield(async (signal) => {
    await using reader = await remote.store.open()
    let have = known
    if (have !== null && have.events < reader.gone.events) {
      session.note(`what came after event ${have.lastSeq} is gone from ${remote.text}: the copy begins anew`)
      await discard(folder)
      have = null
    }
    const { gone } = reader
    const options = { compress: true, folds: [foldVersion()] }
    await using writer =
      have === null
        ? await createFileLog(folder, reader.meta, vocabulary, { atomic: true, compress: true, gone })
        : await appendFileLog(folder, vocabulary, options)
    // Another one may have gone on meanwhile.
    const now = have === null ? NOTHING : ((await haveIn(folder)) ?? NOTHING)
    const begin = now === NOTHING ? { events: gone.events, lastSeq: gone.seq } : now
    const holes = new Holes({ have: begin, baseline: events - lastSeq, hosts: hostsOf(reader.meta) })
    await copyLog(reader, writer, now, {
      fold: foldVersion(),
      signal,
      holes,
      attachments: { names, damaged: (name) => session.note(leftOut(name, remote)) },
      onProgress: (events) => session.progress(events, `events of ${remote.text} fetched`),
    })
    signal.throwIfAborted()
    // What a stream that lets go of nothing has no more is lost as well.
    const head: Hole[] =
      now === NOTHING && gone.events > 0 && !letsGo
        ? [{ from: gone.events > gone.seq ? 0 : 1, to: gone.seq, baseline: 0, damages: [] }]
        : []
    for (const hole of [...head, ...holes.all]) {
      const says = { from: hole.from, to: hole.to, damages: hole.damages.slice(0, DAMAGES_MAX).map(({ message }) => message) }
      await writer.attach(holeName(hole, mended), new TextEncoder().encode(`${JSON.stringify(says, null, 2)}\n`))
    }
    await writer.close()
  })
  session.clearProgress()
}

async function discard(folder: string): Promise<void> {
  const aside = join(dirname(folder), `.${basename(folder)}.damaged-${randomUUID()}`)
  await rename(folder, aside).catch(() => {})
  await rm(aside, { recursive: true, force: true })
}

/** The folder of the copy, which has all that the server had when it was asked. @throws Failure. */
export async function mirrorOf(remote: RemoteLog, session: Session): Promise<string> {
  let contents = await remote.store.contents()
  const cache = cacheFolder()
  const folder = folderOf(cache, remote, contents)
  await prepareCache(cache)
  const end = performance.now() + OTHER_MS
  for (let isChecked = false; ; isChecked = true) {
    const looked = async (): Promise<Have | null> => {
      const have = await haveIn(folder)
      if (have !== null && !isChecked) await mustBeReadable(folder)
      return have
    }
    const have = await looked().catch(async (error: unknown) => {
      if (!(error instanceof LogDamagedError)) throw error
      session.note(`the copy of ${remote.text} in the cache is damaged and is made anew`)
      await writingCache(cache, () => discard(folder))
      return null
    })
    if (have !== null && have.events > contents.events) {
      session.note(`${remote.text} has ${contents.events} events where the copy in the cache has ${have.events}: the copy is made anew`)
      await writingCache(cache, () => discard(folder))
      continue
    }
    if (have !== null && keptHoles(have.attachments).some(({ mended }) => mended !== contents.mended)) {
      session.note(`what was lost of ${remote.text} was put again, or some of it: the copy is made anew`)
      await writingCache(cache, () => discard(folder))
      continue
    }
    if (have !== null && !isBehind(have, contents)) break
    try {
      await writingCache(cache, () => fetchInto(folder, have, contents, remote, session))
      await tidy(cache)
      break
    } catch (error) {
      // Another devtrail does the same.
      const isOther = error instanceof LogUsageError && (error.code === 'exists' || error.code === 'locked')
      // Its head went meanwhile: what there is now.
      const isLetGo = error instanceof LogUsageError && error.code === 'let-go'
      if (!isOther && !(isLetGo && performance.now() < end)) throw error
      if (performance.now() > end)
        throw new Failure(exit.damaged, `another devtrail has the copy of ${remote.text} in the cache open; try again, or end that one`, {
          cause: error,
        })
      await wait(POLL_MS)
      contents = await remote.store.contents()
    }
  }
  await touch(folder)
  return folder
}
