/** `diff LOG --with OTHER`: what is different of two long logs, beside GNU diff on what a text of them says of each event. */
import { spawnSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { timedBench, workFolder, type Bench, type Work } from '@devtrail/bench'
import { LOG_SCHEMA_VERSION, type LogReader } from '@devtrail/event-log'
import { createFileLog, openFileLog } from '@devtrail/event-log/file'
import { dataToJson, type AnyEvent } from '@devtrail/events'
import { History } from '@devtrail/time-travel'
import { censusOf, diffLogs, models, surveyOf, vocabulary, type LogSide } from '@devtrail/survey'
import { Simulation } from './simulated.ts'

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
const EVENT_BYTES = 250
const BATCH = 4096
/** Of one in so many events the other log tells more references. */
const CHANGED = 1000

const changed = (event: AnyEvent): AnyEvent =>
  event.type === 'memremap/grabbed' && event.seq % CHANGED === 0 ? { ...event, data: { ...event.data, refs: 2 } } : event

/** What means the same in another log: no numbers, times, causes or tasks. */
const lineOf = ({ device, type, data }: AnyEvent): string => `${device} ${type} ${JSON.stringify(dataToJson(vocabulary, type, data, 9))}\n`

async function write(folder: string, name: string, change: (event: AnyEvent) => AnyEvent): Promise<void> {
  const meta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'bench' }, notes: [] } as const
  await using writer = await createFileLog(join(folder, name), meta, vocabulary)
  const text = createWriteStream(join(folder, `${name}.txt`))
  const simulation = new Simulation()
  while (writer.lastSeq < EVENTS) {
    const events = simulation.next(BATCH).map(change)
    await writer.append(events)
    if (!text.write(events.map(lineOf).join(''))) await once(text, 'drain')
  }
  await writer.close()
  text.end()
  await once(text, 'close')
}

interface Shared {
  readonly folder: string
  readonly readers: readonly LogReader[]
  readonly events: number
  readonly different: number
}

async function sideOf(reader: LogReader): Promise<LogSide> {
  const { names } = await surveyOf(new History(reader, models))
  return { source: reader, names, types: (await censusOf(reader)).types }
}

async function setUp(): Promise<Shared> {
  const folder = workFolder(2 * EVENTS * EVENT_BYTES)
  await write(folder, 'here', (event) => event)
  await write(folder, 'there', changed)
  const readers = [await openFileLog(join(folder, 'here'), vocabulary), await openFileLog(join(folder, 'there'), vocabulary)]
  let different = 0
  for await (const event of readers[0]!.read()) if (changed(event) !== event) different++
  return { folder, readers, events: readers[0]!.lastSeq, different }
}

/** Both have to find what was changed. */
const finding =
  (of: (shared: Shared) => number | Promise<number>) =>
  (shared: Shared): Work => ({
    run: async () => {
      const found = await of(shared)
      if (found !== shared.different || found === 0) throw new Error(`${found} events are said to be different, ${shared.different} are`)
      return shared.events
    },
  })

export const benches: readonly Bench[] = [
  timedBench<Shared>({
    name: 'replay/two-logs',
    about: `what is different of two logs of ${EVENTS.toLocaleString('en').replaceAll(',', ' ')} events each, of one event in ${CHANGED} the references otherwise`,
    unit: 'event',
    finer: 1,
    setUp,
    ours: (shared) => ({
      ...finding(async ({ readers }) => {
        const [here, there] = [await sideOf(readers[0]!), await sideOf(readers[1]!)]
        const { changed: pairs, onlyHere, onlyThere } = await diffLogs(here, there, true)
        return pairs.length + Math.max(onlyHere.length, onlyThere.length)
      })(shared),
      close: async () => {
        for (const reader of shared.readers) await reader.close()
      },
    }),
    peers: [
      {
        // It says in which lines, not which fields, and cannot know what is an identity of one log alone.
        name: 'GNU diff on text',
        work: finding(({ folder }) => {
          const command = `diff --speed-large-files "$0"/here.txt "$0"/there.txt | grep -c '^>'`
          return Number(spawnSync('sh', ['-c', command, folder], { encoding: 'utf8' }).stdout)
        }),
      },
    ],
  }),
]
