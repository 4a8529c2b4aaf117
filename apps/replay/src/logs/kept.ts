import type { LogReader } from '@devtrail/event-log'
import { readKept, type KeptEntry } from '@devtrail/linux-trace'

const KEPT = /^kept\.\d{6}\.ndjson$/

/** The lines of a log's attachments that hold entries without effect, in order. */
export async function* keptEntries(reader: LogReader): AsyncGenerator<KeptEntry> {
  for (const { name } of await reader.attachments()) {
    if (!KEPT.test(name)) continue
    let rest = ''
    const decoder = new TextDecoder()
    for await (const piece of reader.attachmentChunks(name)) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
      rest = lines.pop()!
      for (const line of lines) yield readKept(line)
    }
  }
}
