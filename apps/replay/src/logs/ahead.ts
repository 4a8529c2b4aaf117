import { stat } from 'node:fs/promises'
import { openRecording, type OpenedRecording } from '@devtrail/linux-trace/node'

/**
 * Opens a recording in a folder and begins to read it, before all that takes it in is loaded; null where what there is has to be
 * looked at first, and whatever is wrong is told by who opens it then.
 */
export async function openAhead(given: string): Promise<OpenedRecording | null> {
  const isFolder = await stat(given).then(
    (found) => found.isDirectory(),
    () => false,
  )
  const opened = isFolder ? await openRecording(given).catch(() => null) : null
  opened?.recording.begin?.()
  return opened
}
