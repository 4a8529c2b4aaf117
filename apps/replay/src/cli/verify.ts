import { verifyFileLog } from '@devtrail/event-log/file'
import { number, plural, vocabulary } from '@devtrail/survey'
import { isAddress } from '../fleet/address.ts'
import { examples, type Cli } from './command.ts'
import { damageJson, damageText, FOLDER, tailText } from './damage.ts'
import { exit } from '../session/failure.ts'

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
        const there = fleet && remote && (await fleet.verifyRemote(remote))
        const found = there ?? (await verifyFileLog(given, vocabulary))
        const { isWhole, segments, events, lastSeq, tornTail, keyframes, damages } = found
        const lost = there?.lost ?? []
        if (session.json) {
          const gaps = fleet === null ? {} : { lost: lost.map(({ from, to }) => ({ from, to })) }
          const said = { whole: isWhole, segments, events, lastSeq, tornTail, keyframes, ...gaps, damages: damages.map(damageJson) }
          await session.printJson({ schemaVersion: 1, log, ...said })
          return isWhole ? exit.fine : exit.damaged
        }
        for (const damage of damages) await session.print(damageText(damage, session))
        for (const hole of lost) await session.print(`${session.style.bad('lost')} ${fleet!.spanText(hole)}\n`)
        const held = `${number(events)} events up to ${number(lastSeq)}${remote === null ? `, in ${plural(segments, 'segment')},` : ''} and ${plural(keyframes, 'keyframe')}`
        if (tornTail !== null)
          session.note(`its writer did not finish: ${tailText(tornTail)} are left out; the next writer, or devtrail repair, cuts them off`)
        await session.print(
          isWhole
            ? `${session.style.good('whole')}: ${held}\n`
            : `${plural(Math.max(damages.length, lost.length), 'damaged place')}; ${held} can be read\n`,
        )
        if (remote !== null && !isWhole)
          session.note(`devtrail repair ${log} --from LOG puts events again, LOG being the log where it was recorded`)
        return isWhole ? exit.fine : exit.damaged
      }),
    )
}
