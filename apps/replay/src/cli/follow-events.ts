import type { Expression } from '@devtrail/time-travel'
import { eventFilter, eventRow } from '@devtrail/survey'
import { LiveSurvey } from '../logs/live-survey.ts'
import { openFollowed } from '../logs/open.ts'
import { eventColumns, eventLine } from '../print/event.ts'
import { exit, type ExitCode } from '../session/failure.ts'
import { isEnd } from './notes.ts'
import type { Session } from '../session/session.ts'

/** Which events are told. */
export interface Followed {
  /** Any name of a device. */
  readonly device: string | undefined
  readonly types: (type: string) => boolean
  readonly where: Expression | null
  readonly limit: number
}

/** Prints the events there are and those that are added, each as soon as it is written. @throws Failure */
export async function followEvents(given: string, { device, types, where, limit }: Followed, session: Session): Promise<ExitCode> {
  const log = await openFollowed(given, session, 'devtrail events live.log --follow')
  const live = await LiveSurvey.of(log)
  const filter = where === null ? null : eventFilter(where, () => live.names)
  const { style, digits } = session
  const columns = eventColumns(log.reader.lastSeq)
  let left = limit
  for await (const batch of log.reader.followBatches(log.source.start === undefined ? {} : { from: log.source.start.seq + 1 })) {
    for (const event of batch) {
      live.see(event)
      const isWanted = event.seq > 0 && types(event.type) && (device === undefined || live.isAbout(event, device))
      if (!isWanted || (filter !== null && filter.truth(event) !== true)) continue
      const { names } = live
      await session.print(
        session.json ? `${JSON.stringify(eventRow(names, event, digits))}\n` : `${eventLine(names, event, style, digits, columns)}\n`,
      )
      if (--left <= 0) return exit.fine
    }
    await session.flush()
    if (isEnd(batch.at(-1))) return exit.fine
  }
  return exit.fine
}
