import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Option } from 'commander'
import { ndjsonOf } from '../logs/export.ts'
import { openLog } from '../logs/open.ts'
import { surveyOf } from '../logs/survey.ts'
import { writing } from '../logs/writable.ts'
import { examples, LOG, type Cli } from './command.ts'
import { exit } from './failure.ts'

interface Options {
  readonly format: 'ndjson'
  readonly output: string
}

/** Writes a file as a whole: aside, and under its name when it is complete. */
async function writeWhole(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const aside = `${file}.unfinished-${process.pid}`
  try {
    await pipeline(pieces, createWriteStream(aside, { flags: 'wx' }))
    await rename(aside, file)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
}

export function exportCommand({ program, run }: Cli): void {
  program
    .command('export')
    .summary('everything a log holds, for other programs')
    .description(
      'Writes everything a log holds: ndjson is one JSON object a line, first what the log is, then every event with all its fields (times in nanoseconds), and in their places the entries of the recording that have no effect.',
    )
    .argument('<LOG>', LOG)
    .addOption(new Option('--format <F>', 'the format').choices(['ndjson']).default('ndjson'))
    .option('-o, --output <FILE>', 'where to, replaced when complete; - is stdout', '-')
    .addHelpText(
      'after',
      examples(
        ['devtrail export splice.log -o splice.ndjson', ''],
        ["devtrail export splice.log | jq -c 'select(.body)'", 'what has no effect'],
      ),
    )
    .action(
      run<Options>(async (session, given, { output }) => {
        const log = await openLog(given, session)
        const { names } = await surveyOf(log.source)
        const pieces = ndjsonOf(log.reader, names)
        if (output === '-') for await (const piece of pieces) await session.print(piece)
        else await writing(dirname(resolve(output)), output, 'name another file with -o', () => writeWhole(resolve(output), pieces))
        return exit.fine
      }),
    )
}
