import { hostname } from 'node:os'
import { number, plural } from '@devtrail/survey'
import { addressOf, mustBeHost, tokenLike } from '../fleet/address.ts'
import { openGrowing, openLog, type OpenLog } from '../logs/open.ts'
import { facts } from '../print/table.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly host?: string
  readonly replicas?: string
  readonly follow?: boolean
}

/** The machine that a recording tells of, by its `uname -a`; this one where it does not say. @throws Failure when the log is of several. */
function hostOf({ given, reader }: OpenLog, session: Session): string {
  const { kind, hosts, uname } = reader.meta.source
  if (kind === 'merged') {
    const whose = Array.isArray(hosts) ? ` (${hosts.join(', ')})` : ''
    throw new Failure(exit.usage, `${given} is of several hosts${whose}; say with --host NAME what it is called in the stream`)
  }
  // A machine without a name calls itself (none).
  const recorded = typeof uname === 'string' ? /^Linux ([A-Za-z0-9][A-Za-z0-9._-]*) /.exec(uname)?.[1] : undefined
  if (recorded !== undefined) return tokenLike(recorded)
  const here = tokenLike(hostname())
  session.note(`${given} does not say whose it is; it is sent as ${here}, this machine (--host NAME names another)`)
  return here
}

function replicasOf(given: string | undefined): 1 | 3 | 5 | null {
  if (given === undefined) return null
  if (given === '1') return 1
  if (given === '3') return 3
  if (given === '5') return 5
  throw new Failure(exit.usage, `a stream is on 1, 3 or 5 servers; found --replicas ${given}`)
}

export function shipCommand({ program, run2 }: Cli): void {
  program
    .command('ship')
    .summary("a log into a fleet's stream on a NATS server")
    .description(
      'Sends a log to a NATS server with JetStream, where logs of many hosts are kept in one stream, and every command reads them: nats://SERVER/STREAM/HOST is a LOG. What is there already is not sent again, so that a run that was ended goes on where it was. With --follow what is added to the log is sent as it comes, until the recording has ended; for that LOG is a log, and a trace that is recorded meanwhile (also on stdin) is made one by devtrail import - --follow -o live.log beside it. Without a server it waits, and keeps at most 4 MiB. The stream is made where there is none.',
    )
    .argument('<LOG>', LOG)
    .argument(
      '<STREAM>',
      'nats://[USER:PASSWORD@]SERVER[:PORT]/STREAM[/HOST], or tls://…; without a server that of NATS_URL or of the context',
    )
    .option('--host <NAME>', 'whose log it is in the stream; the machine that was recorded, else this one')
    .option(
      '--replicas <N>',
      'servers that each message is on: 1, 3 or 5; 1 for a stream that is made, and what it has for one that is there',
    )
    .option('-f, --follow', 'go on with what is added to the log, a folder that devtrail import --follow -o writes')
    .addHelpText(
      'after',
      examples(
        ['devtrail ship splice.log nats://localhost/FLEET --host box-7', ''],
        ['devtrail state nats://localhost/FLEET/box-7 --at 138', 'from any machine'],
        ['devtrail ship live.log tls://nats.example:4222/FLEET --creds fleet.creds --follow', 'while it is recorded'],
        ['devtrail ship splice.log nats:///FLEET --context fleet', 'where and as whom, as nats has it'],
      ),
    )
    .action(
      run2<Options>(async (session, given, to, options): Promise<ExitCode> => {
        const address = addressOf(to)
        if (options.host !== undefined && address.host !== null && options.host !== address.host)
          throw new Failure(exit.usage, `the address names the host ${address.host}, --host ${options.host}; name one`)
        if (options.host !== undefined) mustBeHost(options.host)
        const replicas = replicasOf(options.replicas)
        const log =
          options.follow === true
            ? await openGrowing(given, session, 'devtrail ship live.log STREAM --follow')
            : await openLog(given, session)
        const host = options.host ?? address.host ?? hostOf(log, session)
        const { ship, shipTo } = await import('../fleet/index.ts')
        const remote = await shipTo(address, { host, replicas, patient: options.follow === true }, session)
        const shipped = await ship(log, remote, options.follow === true, session)
        const { interrupted, ...counts } = shipped
        if (session.json) await session.printJson({ schemaVersion: 1, stream: remote.stream, host, log: remote.text, ...counts })
        else
          await session.print(
            facts(
              [
                ['log', remote.text],
                [
                  'shipped',
                  [plural(shipped.events, 'event'), plural(shipped.keyframes, 'keyframe'), plural(shipped.attachments, 'attachment')].join(
                    ', ',
                  ),
                ],
                ['there', `${number(shipped.there)} events up to ${number(shipped.lastSeq)}`],
              ],
              session.style.dim,
            ),
          )
        return interrupted ? exit.interrupted : exit.fine
      }),
    )
}
