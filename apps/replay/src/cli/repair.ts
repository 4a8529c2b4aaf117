import { repairFileLog, verifyFileLog } from '@devtrail/event-log/file'
import { plural, vocabulary } from '@devtrail/survey'
import { isAddress } from '../fleet/address.ts'
import { openLog } from '../logs/open.ts'
import { examples, type Cli } from './command.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { damageJson, damageText, FOLDER, tailText } from './damage.ts'

interface Options {
  readonly from?: string
}

async function repairFolder(session: Session, given: string): Promise<ExitCode> {
  const { cutTail, rebuilt, movedAside, removedKeyframes, lost: cut } = await repairFileLog(given)
  // Whatever is still not whole is lost, too, also in attachments.
  const { damages } = await verifyFileLog(given, vocabulary)
  const lost = [...cut.filter((c) => !damages.some((d) => d.file === c.file && d.offset === c.offset)), ...damages]
  const code = lost.length === 0 ? exit.fine : exit.damaged
  if (session.json) {
    await session.printJson({
      schemaVersion: 1,
      log: given,
      cutTail,
      rebuilt,
      movedAside,
      removedKeyframes,
      lost: lost.map(damageJson),
    })
    return code
  }
  if (cutTail !== null) await session.print(`cut off ${tailText(cutTail)}\n`)
  for (const file of rebuilt) await session.print(`made anew: header and index of ${file}\n`)
  if (movedAside !== null) await session.print(`moved aside: ${plural(movedAside.bytes, 'byte')}, to ${movedAside.file}\n`)
  for (const file of removedKeyframes) await session.print(`removed, as it can be made anew: ${file}\n`)
  for (const damage of lost) await session.print(damageText(damage, session))
  const nothing = cutTail === null && rebuilt.length === 0 && movedAside === null && removedKeyframes.length === 0
  if (lost.length > 0)
    await session.print(
      `${plural(lost.length, 'damaged place')} cannot be mended: import the recording again, or restore the log from a copy\n`,
    )
  else await session.print(nothing ? 'nothing to mend\n' : `${session.style.good('whole again')}\n`)
  return code
}

/** What a server has, from the log that was shipped. */
async function repairOnServer(session: Session, given: string, from: string): Promise<ExitCode> {
  const { remoteLog, repairRemote } = await import('../fleet/index.ts')
  const remote = await remoteLog(given, session)
  const { mended, found } = await repairRemote(remote, await openLog(from, session), session)
  const code = found.isWhole ? exit.fine : exit.damaged
  if (session.json) {
    await session.printJson({ schemaVersion: 1, log: remote.text, mended, lost: found.damages.map(damageJson) })
    return code
  }
  for (const span of mended) await session.print(`put again: ${span}\n`)
  for (const damage of found.damages) await session.print(damageText(damage, session))
  if (!found.isWhole)
    await session.print(`${plural(found.damages.length, 'damaged place')} cannot be mended: ship the log again under another host\n`)
  else await session.print(mended.length === 0 ? 'nothing to mend\n' : `${session.style.good('whole again')}\n`)
  return code
}

export function repairCommand({ program, run }: Cli): void {
  program
    .command('repair')
    .summary('mend what can be mended of a damaged log')
    .description(
      'Mends what can be mended of a log folder without guessing: makes damaged headers and indexes anew, cuts off what a dead writer left half-written, moves a damaged end aside, removes damaged keyframes. Of a log on a server it puts events again that are lost or damaged there, from the log where it was recorded (--from). Says what is lost, and exits 3 when something is.',
    )
    .argument('<LOG>', `${FOLDER}, or with --from nats://SERVER/STREAM/HOST`)
    .option('--from <LOG>', 'of a log on a server: the log that was shipped')
    .addHelpText(
      'after',
      examples(
        ['devtrail repair splice.log', ''],
        ['cp -r splice.log copy.log && devtrail repair copy.log', 'on a copy'],
        ['devtrail repair nats://localhost/FLEET/box-7 --from splice.log', 'what a server lost'],
      ),
    )
    .action(
      run<Options>(async (session, given, { from }) => {
        if (!isAddress(given)) {
          if (from !== undefined)
            throw new Failure(exit.usage, '--from is for logs on a server; a log folder is mended from what is in it, or copied anew')
          return repairFolder(session, given)
        }
        if (from === undefined)
          throw new Failure(exit.usage, 'what is on a server is mended from the log that was shipped; name it with --from')
        return repairOnServer(session, given, from)
      }),
    )
}
