import type { AnyEvent, DeviceInfo, EventBlock, Facts, HostId } from '@devtrail/events'
import {
  BlockFold,
  deviceOf,
  eventsAt as eventsAtOf,
  factsBefore,
  LogBlocks,
  machineBefore,
  placeAfter,
  type EventSource,
  type Span,
} from '@devtrail/time-travel'
import { models, vocabulary } from './models.ts'
import { bringsDevice, LogKeys } from './keys.ts'
import { StartNames } from './start-names.ts'

/** What the ids in events stand for, over a whole log. */
export class Names {
  readonly facts: Facts
  readonly #keys: ReadonlyMap<number, string>
  readonly #regions: ReadonlyMap<number, string>
  readonly #pagemaps: ReadonlyMap<number, string>

  constructor(
    facts: Facts,
    keys: ReadonlyMap<number, string>,
    regions: ReadonlyMap<number, string>,
    pagemaps: ReadonlyMap<number, string>,
  ) {
    this.facts = facts
    this.#keys = keys
    this.#regions = regions
    this.#pagemaps = pagemaps
  }

  device(id: number): string {
    return this.#keys.get(id) ?? this.facts.value<string>('device', id, 'name') ?? `#${id}`
  }

  /** The first address of the pagemap's range; its pointer while that is not known. */
  pagemap(id: number): string {
    return this.#pagemaps.get(id) ?? this.facts.value<string>('pagemap', id, 'pointer') ?? `#${id}`
  }

  region(id: number): string {
    return this.#regions.get(id) ?? `#${id}`
  }

  /** The name of a host, in a log of several. */
  host(id: HostId): string {
    return this.facts.value<string>('host', id, 'name') ?? `#${id}`
  }

  /** The device an event is about, learnt later or not. */
  of(event: AnyEvent): number | null {
    return deviceOf(event, vocabulary, this.facts)
  }
}

/** A log read once over its whole length. */
export interface Survey {
  readonly names: Names
  /** Every incarnation the log knows of, as it is at the end. */
  readonly devices: readonly DeviceInfo[]
  readonly spans: ReadonlyMap<number, Span>
  readonly types: ReadonlyMap<string, number>
  readonly events: number
  /** Types of the events that entries of the recording gave. */
  readonly fromEntries: ReadonlySet<string>
  /** The first event that an entry of the recording gave; of a log that was not recorded, the first at all. */
  readonly first: AnyEvent | null
  readonly last: AnyEvent | null
  /** Whether the log reaches the end of what it tells of: of one that was cut, its last event does not say so. */
  readonly ended: boolean
}

/** Whether events of a type tell what cannot change about something, or where a region or pagemap starts. */
const tells = (type: string): boolean => {
  const d = vocabulary.find(type)
  return d !== undefined && (d.identifies !== undefined || d.fields['start']?.kind === 'u64')
}

class Gathering {
  readonly facts: Facts
  readonly #begin: number
  readonly types = new Map<string, number>()
  readonly fromEntries = new Set<string>()
  readonly starts = new StartNames()
  events = 0
  first: AnyEvent | null = null
  /** The first that tells of more than the log. */
  earliest: AnyEvent | null = null
  last: AnyEvent | null = null
  ended: boolean

  constructor({ start }: EventSource) {
    this.ended = start?.ended ?? false
    this.facts = factsBefore(models, start)
    this.#begin = start?.seq ?? -1
  }

  see(block: EventBlock): void {
    const { count, types, type, entry } = block
    const counts = types.map(() => 0)
    const telling = types.map(({ name }) => tells(name))
    const hasEntry = types.map(({ name }) => this.fromEntries.has(name))
    for (let place = placeAfter(block, this.#begin); place < count; place++) {
      const t = type[place]!
      counts[t]!++
      if (telling[t]) this.#learn(block.event(place))
      if (this.earliest === null && block.seq(place) > 0 && !types[t]!.name.startsWith('log/')) this.earliest = block.event(place)
      if (Number.isNaN(entry[place]!) || block.seq(place) === 0) continue
      hasEntry[t] = true
      this.first ??= block.event(place)
    }
    for (const [t, { name }] of types.entries()) {
      this.types.set(name, (this.types.get(name) ?? 0) + counts[t]!)
      if (hasEntry[t]) this.fromEntries.add(name)
    }
    this.events += Math.min(count, block.lastSeq - Math.max(0, this.#begin))
    const last = block.event(count - 1)
    this.ended = last.type === 'log/ended' && last.host === undefined
    if (last.seq > 0) this.last = last
  }

  #learn(event: AnyEvent): void {
    this.facts.learn(event)
    this.starts.see(event)
  }
}

/** Folds a block, stopping to look at the devices wherever one may have come. */
function foldDevices(block: EventBlock, begin: number, fold: BlockFold, keys: LogKeys): void {
  const brings = block.types.map(({ name }) => bringsDevice(name))
  const { type } = block
  let from = placeAfter(block, begin)
  for (let place = from; brings.includes(true) && place < block.count; place++) {
    if (!brings[type[place]!]) continue
    fold.step(block, from, place + 1)
    from = place + 1
    keys.see(fold.machine.devices())
  }
  fold.step(block, from)
}

/** Reads a log for what has to be known of the whole of it: names, devices, counts. */
export async function surveyOf(source: EventSource): Promise<Survey> {
  const blocks = new LogBlocks(source)
  const gathered = new Gathering(source)
  for await (const block of blocks.blocks()) gathered.see(block)
  const { facts, types, fromEntries, starts, events, last, ended } = gathered
  const first = gathered.first ?? (fromEntries.size === 0 ? gathered.earliest : null)
  const devicesOnly = models.filter((m) => m.devices !== undefined)
  const { machine, seq } = machineBefore(devicesOnly, source.start, facts)
  const fold = new BlockFold(machine)
  const keys = new LogKeys()
  if (source.start !== undefined) keys.see(machine.devices())
  for await (const block of blocks.blocks({ from: seq + 1 })) foldDevices(block, seq, fold, keys)
  const devices = machine.devices()
  const names = new Names(facts, new Map(devices.map((d) => [d.id, keys.keyOf(d)])), starts.regions, starts.pagemaps)
  return { names, devices, spans: machine.spans, types, events, fromEntries, first, last, ended }
}

/** The events with these sequence numbers. */
export function eventsAt(source: EventSource, seqs: Iterable<number>): Promise<Map<number, AnyEvent>> {
  return eventsAtOf(new LogBlocks(source), seqs)
}
