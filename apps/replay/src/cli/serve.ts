import { setTimeout as wait } from 'node:timers/promises'
import { InvalidArgumentError } from 'commander'
import { nameOf, openLog, type OpenLog } from '../logs/open.ts'
import { logId } from '../viewer/log-id.ts'
import { LogWatch } from '../viewer/watch-log.ts'
import { serveLog, type LogServer } from '../viewer/server.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit, Failure } from '../session/failure.ts'

interface Options {
  readonly port?: number
}

/** Milliseconds between two tellings that a log has grown. */
const TELL_MS = 250

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535; 0 is any that is free.')
  return port
}

/** Ports below those that systems give away by themselves. */
const USUAL_PORTS = { first: 20_000, count: 10_000 } as const

/** The same for the same log: bookmarks are kept by browsers for an address, and the port is part of it. */
export function usualPort(id: string): number {
  let sum = 0
  for (let i = 0; i < id.length; i++) sum = (sum * 31 + id.charCodeAt(i)) % USUAL_PORTS.count
  return USUAL_PORTS.first + sum
}

/** Tells the pages whenever the log has grown, until the signal aborts. */
async function tellGrowth({ reader }: OpenLog, server: LogServer, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of reader.followBatches({ from: reader.lastSeq + 1, signal, onDamage: () => {} })) {
      server.tell('grown')
      await wait(TELL_MS, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

export function serveCommand({ program, run }: Cli): void {
  program
    .command('serve')
    .summary('a timeline of a log, in the browser')
    .description(
      'Serves a page that shows a log as a timeline: a row for each device, its state at any moment, what led to each event, what is broken and why. It goes on while the log grows. The address is printed on stdout. Only this machine can reach it, and it hands out nothing but this log; whoever has an account here can read it, too. Ctrl-C ends it.',
    )
    .argument('<LOG>', LOG)
    .option('--port <N>', 'the port; 0 is any that is free; default: the same for the same log, where it is free', portOf)
    .addHelpText(
      'after',
      examples(
        ['devtrail serve recordings/linux-6.1/fsdax-pinned-unbind', 'then open the address'],
        ['devtrail serve live.log --port 8080', 'while devtrail import --follow writes it'],
      ),
    )
    .action(
      run<Options>(async (session, given, { port }) => {
        const log = await openLog(given, session, { follow: true })
        const id = await logId(log.folder)
        const served = { folder: log.folder, name: nameOf(log), id }
        await using server = await serveLog({ ...served, port: port ?? usualPort(id) }).catch((error: NodeJS.ErrnoException) => {
          if (port === undefined) return serveLog({ ...served, port: 0 })
          if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
          throw new Failure(exit.usage, `port ${port} cannot be had (${error.code}); name another one with --port, or leave it out`)
        })
        if (session.json) await session.printJson({ schemaVersion: 1, url: server.url, log: log.folder })
        else await session.print(`${server.url}\n`)
        await session.flush()
        session.note(`${nameOf(log)} is served to this machine only; Ctrl-C ends it`)
        const watch = await LogWatch.begin(log.folder)
        await session.interrupt.shield((signal) =>
          Promise.all([tellGrowth(log, server, signal), watch.run(() => server.tell('changed'), signal)]),
        )
        return exit.interrupted
      }),
    )
}
