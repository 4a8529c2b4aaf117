import { LogBlocks } from '@devtrail/time-travel'
import type { OpenLog } from './open.ts'

/** Catalogues that tell of the log and of what was written into it, not of devices and their memory. */
const TALK: ReadonlySet<string> = new Set(['log', 'kernel'])

/** Whether an entry of the recording, or whatever else made the log, gave an event that a model follows. Reads up to the first. */
export async function tellsOfDevices({ imported, source }: OpenLog): Promise<boolean> {
  for await (const block of new LogBlocks(source).blocks()) {
    const { types, type, entry, count } = block
    const talks = types.map(({ name }) => TALK.has(name.slice(0, name.indexOf('/'))))
    for (let place = 0; place < count; place++) {
      if (talks[type[place]!]!) continue
      if (imported === null || (!Number.isNaN(entry[place]!) && block.seq(place) > 0)) return true
    }
  }
  return false
}
