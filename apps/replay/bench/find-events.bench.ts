/** What happened to one page: the entries that took it, looked for with what one would use today. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { timedBench, workFolder, type Bench, type Work } from '@devtrail/bench'
import { openFileLog } from '@devtrail/event-log/file'
import { EventFilter, History, LogBlocks, parseExpression } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { longRecording, type LongRecording } from './long-recording.ts'

/** Copies of the recording, of 154 768 entries each. */
const COPIES = Number(process.env['BENCH_COPIES'] ?? 4)
const BYTES = 400 << 20
const MAIN = join(import.meta.dirname, '../dist/main.js')
/** A page that each of the recording's 100 direct writes takes, and its struct page. */
const PFN = 0x141c9a
const PAGE = '0xffa30b27c5072680'
const where = `type == "memremap/grab-started" && pfn == 0x${PFN.toString(16)}`

/** Nothing records this kernel's events as CTF; babeltrace2 itself makes CTF of lines with a time, as dmesg has them. */
const HAS_BABELTRACE = spawnSync('babeltrace2', ['--version']).error === undefined

/** The text's entries as a CTF trace; null without babeltrace2. */
function ctfOf({ text }: LongRecording, folder: string): string | null {
  if (!HAS_BABELTRACE) return null
  const lines = join(folder, 'lines.txt')
  const ctf = join(folder, 'ctf')
  const asDmesg = String.raw`s/^ *(.{1,40}) \[([0-9]+)\] ([^ ]+) +([0-9]+\.[0-9]{6}): (.*)$/[\4] \1 [\2] \3 \5/p`
  execFileSync('sh', ['-c', `sed -nE '${asDmesg}' "$0"/trace.txt > "$1"`, text, lines])
  const [source, sink] = [`path="${lines}"`, `path="${ctf}"`]
  execFileSync('babeltrace2', ['--component=source.text.dmesg', '--params', source, '--component=sink.ctf.fs', '--params', sink], {
    stdio: 'ignore',
  })
  return ctf
}

interface Shared extends LongRecording {
  readonly log: string
  readonly lines: string
  readonly database: DatabaseSync
  readonly ctf: string | null
  readonly found: number
}

async function setUp(): Promise<Shared> {
  if (spawnSync('trace-cmd').error !== undefined) throw new Error('needs trace-cmd: apt-get install trace-cmd')
  const folder = workFolder(COPIES * BYTES)
  const recording = longRecording(folder, COPIES)
  const log = join(folder, 'log')
  execFileSync(process.execPath, [MAIN, 'import', recording.text, '-o', log], { stdio: 'ignore' })
  const lines = join(folder, 'events.ndjson')
  writeFileSync(
    lines,
    execFileSync(process.execPath, [MAIN, 'events', log, '--json'], { maxBuffer: 2 ** 31 - 1, stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  const database = new DatabaseSync(join(folder, 'events.db'))
  database.exec('CREATE TABLE event (seq INTEGER PRIMARY KEY, type TEXT, pfn INTEGER); BEGIN')
  const insert = database.prepare('INSERT INTO event VALUES (?, ?, ?)')
  await using reader = await openFileLog(log, vocabulary)
  for await (const { seq, type, data } of reader.read({ from: 1 })) insert.run(seq, type, (data['pfn'] ?? null) as number | null)
  database.exec('COMMIT; CREATE INDEX by_page ON event (type, pfn)')
  return { ...recording, log, lines, database, ctf: ctfOf(recording, folder), found: await ours(log) }
}

/** How many there are. */
async function ours(log: string): Promise<number> {
  await using reader = await openFileLog(log, vocabulary)
  const filter = new EventFilter(parseExpression(where), vocabulary, { device: () => null, called: () => null })
  const types = vocabulary.types().filter((type) => filter.mayFit(type))
  let found = 0
  for await (const block of new LogBlocks(new History(reader, models).source).blocks({ types })) {
    const isFound = filter.within(block)
    for (let place = 0; place < block.count; place++) if (isFound(place)) found++
  }
  return found
}

/** Every way has to find the same. */
const finding =
  (of: (shared: Shared) => number | Promise<number>) =>
  (shared: Shared): Work => ({
    run: async () => {
      const found = await of(shared)
      if (found !== shared.found || found === 0) throw new Error(`${found} events were found, there are ${shared.found}`)
      return shared.entries
    },
  })

async function inLines(path: string): Promise<number> {
  let found = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { type, data } = JSON.parse(line) as { type: string; data: { pfn?: string } }
    if (type === 'memremap/grab-started' && Number(data.pfn) === PFN) found++
  }
  return found
}

const count = (text: string): number => Number(text.trim())

export const benches: readonly Bench[] = [
  timedBench<Shared>({
    name: 'replay/find-events',
    about: `the attempts to take one page, in a recording of ${(COPIES * 154_768).toLocaleString('en').replaceAll(',', ' ')} entries${HAS_BABELTRACE ? '' : '; not beside babeltrace2, which is not here (apt-get install babeltrace2)'}`,
    unit: 'entry',
    finer: 1,
    setUp,
    ours: finding(({ log }) => ours(log)),
    peers: [
      {
        name: 'trace-cmd report -F',
        work: finding(({ binary }) =>
          count(
            execFileSync(
              'sh',
              [
                '-c',
                `trace-cmd report -F 'gup_grab_page,gup_grab_folio:page==${PAGE}' "$0" 2>/dev/null | grep -c gup_grab_`,
                join(binary, 'trace.dat'),
              ],
              { encoding: 'utf8' },
            ),
          ),
        ),
      },
      {
        name: 'grep and awk on the text',
        work: finding(({ text }) =>
          count(
            execFileSync('sh', ['-c', `grep -F 'page=${PAGE} ' "$0"/trace.txt | awk '/gup_grab_/ { n++ } END { print n + 0 }'`, text], {
              encoding: 'utf8',
            }),
          ),
        ),
      },
      // It has no filter by a field's value: what it prints is searched.
      ...(HAS_BABELTRACE
        ? [
            {
              name: 'babeltrace2 and grep on CTF',
              work: finding(({ ctf }) =>
                count(
                  execFileSync('sh', ['-c', `babeltrace2 "$0" | grep -F 'page=${PAGE} ' | grep -c gup_grab_`, ctf!], { encoding: 'utf8' }),
                ),
              ),
            },
          ]
        : []),
      { name: 'JSON lines, parsed', work: finding(({ lines }) => inLines(lines)) },
      {
        name: 'SQLite with an index',
        work: finding(({ database }) => {
          const row = database.prepare('SELECT count(*) AS n FROM event WHERE type = ? AND pfn = ?').get('memremap/grab-started', PFN)
          return Number(row!['n'])
        }),
      },
    ],
  }),
]
