import { seconds, type BlockSummary, type EventBlock, type HostId } from '@devtrail/events'
import type { Host } from './hosts/clocks.ts'
import type { LogBlocks } from './log-blocks.ts'
import { NoSuchPositionError, type Moment, type Position } from './position.ts'

const START: Moment = { seq: 0, entry: null, time: null }

/** The last event of a log that one looks for: first by what is known of blocks, then in the block itself. */
interface Wanted {
  readonly inBlock: (summary: BlockSummary) => boolean
  readonly at: (block: EventBlock, place: number) => boolean
}

/** Whether an event is a host's; any, where there are not several. */
const isOn = (block: EventBlock, place: number, host: HostId): boolean => host === 0 || block.host?.[place] === host

const hasEntry: Wanted = { inBlock: ({ entries }) => entries !== null, at: (block, place) => !Number.isNaN(block.entry[place]!) }

class Search {
  readonly #blocks: LogBlocks
  /** Without those of the baseline alone. */
  readonly #summaries: readonly BlockSummary[]
  readonly #begin: Moment

  constructor(blocks: LogBlocks, summaries: readonly BlockSummary[], begin: Moment) {
    this.#blocks = blocks
    this.#begin = begin
    this.#summaries = summaries.filter(({ lastSeq }) => lastSeq > 0)
  }

  get lastSeq(): number {
    return this.#summaries.at(-1)?.lastSeq ?? this.#begin.seq
  }

  get mostEntry(): number {
    return this.#summaries.reduce((most, { entries }) => Math.max(most, entries?.last ?? 0), 0)
  }

  /** The last event at or before `to` that fits; null when there is none behind the baseline. */
  async last({ inBlock, at }: Wanted, to = this.lastSeq): Promise<{ seq: number; entry: number | null; time: number } | null> {
    for (const summary of this.#summaries.toReversed()) {
      if (summary.firstSeq > to || !inBlock(summary)) continue
      for await (const block of this.#blocks.blocks({ from: Math.max(1, summary.firstSeq), to: summary.lastSeq })) {
        const { entry, time } = block
        for (let place = block.count - 1; place >= 0 && block.seq(place) > this.#begin.seq; place--) {
          const seq = block.seq(place)
          if (seq <= to && seq <= summary.lastSeq && at(block, place)) {
            return { seq, entry: Number.isNaN(entry[place]!) ? null : entry[place]!, time: time[place]! }
          }
        }
      }
    }
    return null
  }

  /** With the entry of an event before it where the last one has none. */
  async moment(wanted: Wanted, to?: number): Promise<Moment> {
    const found = await this.last(wanted, to)
    if (found === null) return this.#begin
    return { ...found, entry: found.entry ?? (await this.last(hasEntry, found.seq))?.entry ?? null }
  }
}

const any: Wanted = { inBlock: () => true, at: () => true }

/**
 * Where a position lies; reads only the blocks that may hold it. `entries`: how many entries the recording has, where known;
 * `begin`: where the log begins when its head is gone.
 * @throws NoSuchPositionError past the end of the log, or before its beginning
 */
export async function findMoment(
  blocks: LogBlocks,
  position: Position,
  entries: number | null,
  hosts: () => Promise<readonly Host[]> = async () => [],
  { seq, entry, time }: Moment = START,
): Promise<Moment> {
  const begin: Moment = { seq, entry, time }
  const first = begin.seq
  const search = new Search(blocks, await blocks.summaries(), begin)
  switch (position.kind) {
    case 'start':
      return begin
    case 'end':
      return search.moment(any)
    case 'seq': {
      if (position.seq < first)
        throw new NoSuchPositionError(`event ${position.seq} is gone with the head of the log: it is known from event ${first} on`)
      if (position.seq <= search.lastSeq) return position.seq === first ? begin : search.moment(any, position.seq)
      const { time } = await search.moment(any)
      throw new NoSuchPositionError(
        `there is no event ${position.seq}: the log ends at ${search.lastSeq}${time === null ? '' : ` (${seconds(time)}s)`}`,
      )
    }
    case 'entry': {
      const { entry } = position
      const host = hostNamed(position, await hosts())
      const most = Math.max(entries ?? 0, search.mostEntry)
      if (entry > most) throw new NoSuchPositionError(`there is no entry ${entry}: the recording has ${most}`)
      const wanted = {
        inBlock: (b: BlockSummary) => b.entries !== null && b.entries.first <= entry,
        at: (b: EventBlock, i: number) => b.entry[i]! <= entry && isOn(b, i, host),
      }
      return { ...(await search.moment(wanted)), entry, ...(host === 0 ? {} : { host }) }
    }
    case 'time':
    default: {
      const { ns } = position
      return search.moment({ inBlock: ({ minTime }) => minTime <= ns, at: (b, i) => b.time[i]! <= ns })
    }
  }
}

/** The host whose entry a position means; 0 in a log of one. @throws NoSuchPositionError */
export function hostNamed({ entry, host }: Position & { readonly kind: 'entry' }, hosts: readonly Host[]): HostId {
  const names = hosts.map(({ name }) => name).join(', ')
  if (hosts.length === 0) {
    if (host === undefined) return 0
    throw new NoSuchPositionError(`this log is of one host: name its entry without it, as @${entry}`)
  }
  const found = hosts.find(({ name }) => name === host)
  if (found !== undefined) return found.id
  throw new NoSuchPositionError(
    host === undefined
      ? `each host has entries of its own: say whose, as ${hosts[0]!.name}:@${entry} (hosts: ${names})`
      : `there is no host "${host}" (there are ${names})`,
  )
}
