import type { LogDamagedError, TornTail } from '@devtrail/event-log'
import { repairFileLog, verifyFileLog } from '@devtrail/event-log/file'
import { number, plural, vocabulary } from '@devtrail/survey'
import { isAddress } from '../fleet/address.ts'
import { examples, type Cli } from './command.ts'
import { exit, Failure } from './failure.ts'
import type { Session } from './session.ts'

const FOLDER = 'a log folder that devtrail wrote'

const damageJson = ({ file, offset, expected, found, todo }: LogDamagedError): object => ({ file, offset, expected, found, todo })

function damageText({ file, offset, expected, found }: LogDamagedError, session: Session): string {
  return `${session.style.bad('damaged')} ${file}, byte ${number(offset)}: expected ${expected}, found ${found}\n`
}

const tailText = ({ bytes, afterSeq }: TornTail): string => `${plural(bytes, 'byte')} after event ${afterSeq}`

export function verifyCommand({ program, run }: Cli): void {
  program
    .command('verify')
    .summary('read every byte of a log and say what is damaged')
    .description(
      'Reads every byte of a log folder, or of what a server has of a log, against its checksums and says what is damaged and where. Changes nothing. Exits 3 when something is.',
    )
    .argument('<LOG>', `${FOLDER}, or nats://SERVER/STREAM/HOST`)
    .addHelpText(
      'after',
      examples(['devtrail verify splice.log', ''], ["devtrail verify splice.log --json | jq '.damages[].file'", 'for a script']),
    )
    .action(
      run(async (session, given) => {
        const fleet = isAddress(given) ? await import('../fleet/index.ts') : null
        const remote = fleet && (await fleet.remoteLog(given, session))
        const log = remote?.text ?? given
        const found = fleet && remote ? await fleet.verifyRemote(remote) : await verifyFileLog(given, vocabulary)
        const { isWhole, segments, events, lastSeq, tornTail, keyframes, damages } = found
        if (session.json) {
          const said = { whole: isWhole, segments, events, lastSeq, tornTail, keyframes, damages: damages.map(damageJson) }
          await session.printJson({ schemaVersion: 1, log, ...said })
          return isWhole ? exit.fine : exit.damaged
        }
        for (const damage of damages) await session.print(damageText(damage, session))
        const held = `${number(events)} events up to ${number(lastSeq)}${remote === null ? `, in ${plural(segments, 'segment')},` : ''} and ${plural(keyframes, 'keyframe')}`
        if (tornTail !== null)
          session.note(`its writer did not finish: ${tailText(tornTail)} are left out; the next writer, or devtrail repair, cuts them off`)
        await session.print(
          isWhole ? `${session.style.good('whole')}: ${held}\n` : `${plural(damages.length, 'damaged place')}; ${held} can be read\n`,
        )
        return isWhole ? exit.fine : exit.damaged
      }),
    )
}

export function repairCommand({ program, run }: Cli): void {
  program
    .command('repair')
    .summary('mend what can be mended of a damaged log')
    .description(
      'Mends what can be mended of a log folder without guessing: makes damaged headers and indexes anew, cuts off what a dead writer left half-written, moves a damaged end aside, removes damaged keyframes. Says what is lost, and exits 3 when something is.',
    )
    .argument('<LOG>', FOLDER)
    .addHelpText(
      'after',
      examples(['devtrail repair splice.log', ''], ['cp -r splice.log copy.log && devtrail repair copy.log', 'on a copy']),
    )
    .action(
      run(async (session, given) => {
        if (isAddress(given))
          throw new Failure(
            exit.usage,
            `what is on a server is not mended; ship the log again under another host, or restore the stream from a backup`,
          )
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
      }),
    )
}
