/** The fold of all models over made-up events of all kinds. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { timedBench, workFolder, type Bench, type Work } from '@devtrail/bench'
import { openFileLog } from '@devtrail/event-log/file'
import type { LogReader } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import { BlockFold, Machine } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { writeSimulated } from './simulated-log.ts'

const EVENTS = 400_000
const EVENT_BYTES = 320

/** Fields of each type that hold a 64-bit word, which JSON keeps as a string. */
const words = new Map(
  vocabulary
    .types()
    .map((type) => [type, Object.entries(vocabulary.get(type).fields).flatMap(([name, { kind }]) => (kind === 'u64' ? [name] : []))]),
)

function revived(line: string): AnyEvent {
  const event = JSON.parse(line) as AnyEvent
  const data = event.data as Record<string, unknown>
  for (const name of words.get(event.type)!) if (data[name] !== null) data[name] = BigInt(data[name] as string)
  return event
}

function lineOf(event: AnyEvent): string {
  return `${JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value))}\n`
}

interface Shared {
  readonly reader: LogReader
  readonly events: readonly AnyEvent[]
  readonly lines: readonly string[]
}

async function setUp(): Promise<Shared> {
  const folder = workFolder(EVENTS * EVENT_BYTES)
  const path = join(folder, 'lines.ndjson')
  const fd = openSync(path, 'w')
  const log = await writeSimulated(folder, EVENTS, (events) => {
    writeFileSync(fd, events.map(lineOf).join(''))
  })
  closeSync(fd)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  return { reader: await openFileLog(log, vocabulary), lines, events: lines.map(revived) }
}

function stepping(events: readonly unknown[], step: (machine: Machine, i: number) => void): Work {
  return {
    run: () => {
      const machine = new Machine(models)
      for (let i = 0; i < events.length; i++) step(machine, i)
      return machine.devices().length > 0 ? events.length : 0
    },
  }
}

export const benches: readonly Bench[] = [
  timedBench<Shared>({
    name: 'replay/fold-models',
    about: `${EVENTS} events of a log, through every model that the command asks`,
    unit: 'event',
    setUp,
    ours: ({ reader, lines }) => ({
      run: async () => {
        const fold = new BlockFold(new Machine(models))
        for await (const block of reader.blocks()) fold.step(block)
        return fold.machine.devices().length > 0 ? lines.length : 0
      },
    }),
    peers: [
      {
        name: 'JSON lines, parsed, event by event',
        work: ({ lines }) => stepping(lines, (machine, i) => machine.step(revived(lines[i]!))),
      },
      { name: 'objects in memory, event by event', work: ({ events }) => stepping(events, (machine, i) => machine.step(events[i]!)) },
    ],
    finer: 1,
  }),
]
