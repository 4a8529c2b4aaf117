import { createWriteStream, type Stats } from 'node:fs'
import { readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Option } from 'commander'
import { ndjsonOf, writeLog } from '../logs/export.ts'
import { redacted, whole, type Exported } from '../logs/exported.ts'
import { nameOf, openLog, type OpenLog } from '../logs/open.ts'
import { models, surveyOf, vocabulary } from '@devtrail/survey'
import { History } from '@devtrail/time-travel'
import { openFileLog } from '@devtrail/event-log/file'
import { TemporaryFolder } from '../logs/temporary.ts'
import { makeFolders, writing } from '../logs/writable.ts'
import { FOREIGN, inFormat, isBinary, isForeign, type Foreign } from '../trace/formats.ts'
import { packLog } from '../viewer/pack.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly format?: 'ndjson' | 'log' | 'html' | Foreign
  readonly output: string
  readonly redact?: boolean
}

/** What is at a path, links followed: null for nothing. */
async function statOf(path: string): Promise<Stats | null> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/** Where a path leads, links followed, whether something is there or not. */
async function targetOf(path: string): Promise<string> {
  const link = await readlink(path).catch(() => null)
  if (link !== null) return targetOf(resolve(dirname(path), link))
  return join(await realpath(dirname(path)), basename(path))
}

/** Writes pieces to where a path leads. What is no file (a device, a pipe) is written to; a file is replaced as a whole. */
async function writeTo(path: string, log: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
  const target = await targetOf(path)
  if (target.startsWith(`${await realpath(log)}${sep}`)) {
    throw new Failure(exit.usage, `${path} is within the log that is exported; name a file elsewhere with -o`)
  }
  const there = await statOf(target)
  if (there?.isDirectory()) throw new Failure(exit.usage, `${path} is a folder; name a file with -o`)
  if (there !== null && !there.isFile()) await pipeline(pieces, createWriteStream(target))
  else await writeWhole(target, pieces)
}

/** Writes a file as a whole: aside, and under its name when it is complete. */
async function writeWhole(file: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
  const aside = `${file}.unfinished-${process.pid}`
  try {
    await pipeline(pieces, createWriteStream(aside, { flags: 'wx' }))
    await rename(aside, file)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
}

/** Writes a log folder, aside and renamed when it is complete. */
async function toFolder(exported: Exported, output: string, session: Session): Promise<void> {
  if (output === '-') throw new Failure(exit.usage, 'a log is a folder: name one with -o, or ask for --format ndjson')
  const above = dirname(resolve(output))
  await writing(above, `a log at ${output}`, 'name another folder with -o', async () => {
    await makeFolders(above)
    await session.interrupt.shield((signal) => writeLog(exported, output, signal))
  })
}

async function toLines(log: OpenLog, exported: Exported, output: string, session: Session): Promise<void> {
  const { names } = await surveyOf(log.history)
  await toFile(log, ndjsonOf(exported, names), output, session)
}

async function toFile({ folder }: OpenLog, pieces: AsyncIterable<string | Uint8Array>, output: string, session: Session): Promise<void> {
  if (output === '-') for await (const piece of pieces) await session.print(piece as string)
  else await writing(dirname(resolve(output)), output, 'name another file with -o', () => writeTo(resolve(output), folder, pieces))
}

/** Writes the log, or another one that is made of it first. */
async function toOther(log: OpenLog, instead: Exported | null, format: 'html' | Foreign, output: string, session: Session): Promise<void> {
  if (instead === null) return toFormat(log, log, nameOf(log), format, output, session)
  await session.interrupt.shield(async (signal) => {
    using folder = await TemporaryFolder.make('export')
    const made = join(folder.path, 'log')
    await folder.writing(() => writeLog(instead, made, signal))
    await using reader = await openFileLog(made, vocabulary)
    const history = new History(reader, models)
    await toFormat(log, { folder: made, reader, history }, instead.imported?.name ?? 'log', format, output, session)
  })
}

type Made = Pick<OpenLog, 'folder' | 'reader' | 'history'>

async function toFormat(log: OpenLog, of: Made, name: string, format: 'html' | Foreign, output: string, session: Session): Promise<void> {
  if (format !== 'html' && isBinary(format) && output === '-') throw new Failure(exit.usage, `${format} is no text: name a file with -o`)
  await toFile(log, format === 'html' ? packLog(of.folder, name) : inFormat(of, format), output, session)
}

export function exportCommand({ program, run }: Cli): void {
  program
    .command('export')
    .summary('everything a log holds, for other programs and people')
    .description(
      'Writes everything a log holds: ndjson is one JSON object a line, first what the log is, then every event with all its fields (times in nanoseconds), and in their places the entries of the recording that have no effect; log is a log folder of the events; html is the page of devtrail serve with the log in it, one file that works from disk, without a network; chrome (JSON) and perfetto (its own format) are traces for https://ui.perfetto.dev and chrome://tracing, with tracks of states, events and referenced pages for each device and arrows from causes; sqlite is a database whose schema says what is in it. With --redact a log that can be given away: commands, pids, paths, pointers, uuids, texts, probes and the name of the machine have other names, each always the same, and entries without effect are left out; every command gives the same answers of it, in those names. Times, physical addresses, symbols, the kernel’s version and names of devices, regions, drivers and modules stay: where you gave such names yourself, look for them in what you give away (devtrail export shared.log | grep -i NAME).',
    )
    .argument('<LOG>', LOG)
    .addOption(new Option('--format <F>', 'the format; ndjson, or with --redact a log').choices(['ndjson', 'log', 'html', ...FOREIGN]))
    .option('--redact', 'rename what tells of the machine and its users')
    .option('-o, --output <FILE>', 'where to; a file is replaced when all is written, a folder must not be there; - is stdout', '-')
    .addHelpText(
      'after',
      examples(
        ['devtrail export splice.log -o splice.ndjson', ''],
        ['devtrail export recordings/linux-6.1/fsdax-pinned-unbind --format html -o crash.html', 'to be attached to a report'],
        ['devtrail export splice.log --format perfetto -o splice.pftrace', 'for ui.perfetto.dev'],
        ['devtrail export splice.log --format sqlite -o splice.sqlite', 'then: sqlite3 splice.sqlite .schema'],
        ["devtrail export splice.log | jq -c 'select(.body)'", 'what has no effect'],
        ['devtrail export recordings/linux-6.1/fsdax-pinned-unbind --redact -o shared.log', 'to be given away'],
      ),
    )
    .action(
      run<Options>(async (session, given, { format, output, redact }) => {
        const log = await openLog(given, session)
        const exported = redact === true ? redacted(log) : whole(log)
        const to = format ?? (redact === true ? 'log' : 'ndjson')
        if (log.reader.gone.events > 0 && (to === 'log' || (redact === true && to !== 'ndjson')))
          throw new Failure(
            exit.damaged,
            `${log.given} has no beginning (its first ${log.reader.gone.seq} events are gone): no other log can be made of the rest; ask for another --format${redact === true ? ', or leave --redact out' : ''}`,
          )
        if (to === 'log') await toFolder(exported, output, session)
        else if (to === 'html' || isForeign(to)) await toOther(log, redact === true ? exported : null, to, output, session)
        else await toLines(log, exported, output, session)
        return exit.fine
      }),
    )
}
