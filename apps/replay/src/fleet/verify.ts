/** A look at every byte that a server has of a log. */
import type { LogDamagedError } from '@devtrail/event-log'
import type { Verification } from '@devtrail/event-log/file'
import { foldVersion } from '../logs/code-version.ts'
import type { RemoteLog } from './remote.ts'

/** Reads each block, attachment and keyframe from the server. Segments are those of folders: there is none. */
export async function verifyRemote({ store }: RemoteLog): Promise<Verification> {
  const damages: LogDamagedError[] = []
  const tell = (damage: LogDamagedError): void => void damages.push(damage)
  await using reader = await store.open()
  let events = 0
  for await (const block of reader.blocks({ onDamage: tell })) {
    for (let place = 0; place < block.count; place++) {
      block.event(place)
      events++
    }
  }
  for (const { name } of await reader.attachments()) {
    try {
      for await (const _ of reader.attachmentChunks(name));
    } catch (error) {
      if ((error as Error).name !== 'LogDamagedError') throw error
      tell(error as LogDamagedError)
    }
  }
  const keyframes = await reader.keyframes(foldVersion())
  for (const seq of keyframes) await reader.keyframe(foldVersion(), seq, { onDamage: tell })
  const { lastSeq } = reader
  return { isWhole: damages.length === 0, segments: 0, events, lastSeq, tornTail: null, keyframes: keyframes.length, damages }
}
