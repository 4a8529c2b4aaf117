/** A look at every byte that a server has of a log. */
import { LogDamagedError } from '@devtrail/event-log'
import type { Verification } from '@devtrail/event-log/file'
import { SUMMARY } from '../logs/import.ts'
import { Holes, type Hole } from './holes.ts'
import type { RemoteLog } from './remote.ts'

export interface RemoteVerification extends Verification {
  /** The events that cannot be read. */
  readonly lost: readonly Hole[]
}

/** An import is there to its end, and nothing of what it read. */
const noEvents = (file: string): LogDamagedError =>
  new LogDamagedError({
    file,
    line: null,
    offset: 0,
    expected: 'the events of an import that ended',
    found: 'none, not even where they end: they were purged',
    todo: 'purge the rest of the log, too, and ship it again from where it was recorded',
  })

/** Reads each block, attachment and keyframe from the server. Segments are those of folders: there is none. */
export async function verifyRemote({ store, text }: RemoteLog): Promise<RemoteVerification> {
  const damages: LogDamagedError[] = []
  const tell = (damage: LogDamagedError): void => void damages.push(damage)
  await using reader = await store.open()
  const { gone, lastSeq } = reader
  const contents = await store.contents()
  // A stream that lets go of nothing has lost what it has no more.
  const have = contents.letsGo ? { events: gone.events, lastSeq: gone.seq } : { events: 0, lastSeq: 0 }
  const holes = new Holes({ have, baseline: contents.events - contents.lastSeq, hosts: 0 })
  let events = 0
  for await (const block of reader.blocks({ onDamage: tell })) {
    for (let place = 0; place < block.count; place++) {
      try {
        holes.before(block.seq(place), 0)
        block.event(place)
        events++
      } catch (error) {
        if (!(error instanceof LogDamagedError)) throw error
        tell(error)
      }
    }
  }
  holes.atEnd(lastSeq)
  if (contents.events === 0 && contents.attachments.includes(SUMMARY) && !contents.letsGo) tell(noEvents(text))
  for (const name of contents.attachments) {
    try {
      for await (const _ of reader.attachmentChunks(name));
    } catch (error) {
      if (!(error instanceof LogDamagedError)) throw error
      tell(error)
    }
  }
  // Of all versions: whoever has another devtrail reads theirs.
  let keyframes = 0
  for (const [fold, seqs] of contents.keyframes) {
    for (const seq of seqs) await reader.keyframe(fold, seq, { onDamage: tell })
    keyframes += seqs.length
  }
  const isWhole = damages.length === 0 && holes.all.length === 0
  return { isWhole, segments: 0, events, lastSeq, tornTail: null, keyframes, damages, lost: holes.all }
}
