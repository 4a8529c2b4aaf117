/** What `devtrail import` does, apart from the command: whatever reads the recording begins while this is loaded. */
import { censusOf, number, surveyOf } from '@devtrail/survey'
import type { OpenedRecording } from '@devtrail/linux-trace/node'
import { importLive } from '../logs/live.ts'
import { importLog, openLog, type OpenLog } from '../logs/open.ts'
import { summaryText } from '../print/summary.ts'
import { facts } from '../print/table.ts'
import { visible } from '../print/text.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

export interface ImportOptions {
  readonly output?: string
  readonly follow?: boolean
}

function mustBeFolder(output: string | undefined): string {
  if (output === undefined || output === '-' || output === '')
    throw new Failure(exit.usage, 'name the log that others can read meanwhile: --follow -o LOG')
  return output
}

/** What was read where it was no recording but events. */
async function readBackTold(log: OpenLog, session: Session): Promise<ExitCode> {
  const survey = await surveyOf(log.history)
  const { events } = await censusOf(log.source)
  const devices = survey.devices.filter(({ bookkeeping }) => !bookkeeping).map(({ id }) => survey.names.device(id))
  if (session.json) {
    const complete = survey.ended
    const none = { entries: 0, withoutEffect: {}, unparsed: 0, lost: 0, unknown: [], kernel: null }
    await session.printJson({ schemaVersion: 1, log: log.folder, events, devices, notes: log.reader.meta.notes, complete, ...none })
  } else
    await session.print(
      facts(
        [
          ['events', number(events)],
          ['devices', devices.map(visible).join(', ') || 'none'],
          ['log', log.folder],
        ],
        session.style.dim,
      ),
    )
  return exit.fine
}

/** `ahead`: the recording, where it is open already. */
export async function runImport(
  session: Session,
  recording: string,
  { output, follow }: ImportOptions,
  ahead: OpenedRecording | null,
): Promise<ExitCode> {
  const interrupted = follow === true && (await importLive(recording, mustBeFolder(output), session))
  const log = follow === true ? await openLog(output!, session) : await importLog(recording, output, session, ahead)
  if (log.imported === null) return readBackTold(log, session)
  const { summary, devices } = log.imported
  if (session.json) {
    await session.printJson({
      schemaVersion: 1,
      log: log.folder,
      entries: summary.entries,
      events: summary.events,
      withoutEffect: summary.withoutEffect,
      unparsed: summary.unparsed,
      lost: summary.lost,
      devices: devices,
      notes: summary.notes,
      unknown: summary.unknown,
      complete: summary.complete,
      kernel: summary.kernel,
    })
    return interrupted ? exit.interrupted : exit.fine
  }
  await session.print(
    summaryText(session.style, log.imported, [
      ['devices', devices.map(visible).join(', ') || 'none'],
      ['log', log.folder],
    ]),
  )
  return interrupted ? exit.interrupted : exit.fine
}
