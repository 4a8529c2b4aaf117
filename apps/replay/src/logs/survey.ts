import { Facts, hex, type AnyEvent, type DeviceInfo } from '@devtrail/events'
import { deviceOf, Machine, type EventSource, type Span } from '@devtrail/time-travel'
import { models, vocabulary } from '../models.ts'
import { LogKeys } from './keys.ts'

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
  /** The first event that an entry of the recording gave. */
  readonly first: AnyEvent | null
  readonly last: AnyEvent | null
  /** Whether the log reaches the end of what it tells of: of one that was cut, its last event does not say so. */
  readonly ended: boolean
}

/** Events after which a device may be there that was not before. */
const bringsDevice = (event: AnyEvent): boolean => {
  const d = vocabulary.find(event.type)
  return d?.identifies !== undefined && d.fields[d.identifies]!.kind === 'device'
}

class Gathering {
  readonly facts = new Facts(vocabulary)
  readonly types = new Map<string, number>()
  readonly fromEntries = new Set<string>()
  readonly regions = new Map<number, string>()
  readonly pagemaps = new Map<number, string>()
  events = 0
  first: AnyEvent | null = null
  last: AnyEvent | null = null
  ended = false

  see(event: AnyEvent): void {
    this.facts.learn(event)
    this.ended = event.type === 'log/ended'
    this.types.set(event.type, (this.types.get(event.type) ?? 0) + 1)
    const { region, pagemap, start, name } = event.data
    if (typeof start === 'bigint') {
      if (typeof region === 'number' && !this.regions.has(region)) this.regions.set(region, typeof name === 'string' ? name : hex(start))
      if (typeof pagemap === 'number' && !this.pagemaps.has(pagemap)) this.pagemaps.set(pagemap, hex(start))
    }
    if (event.seq === 0) return
    this.events++
    if (event.entry !== null) {
      this.first ??= event
      this.fromEntries.add(event.type)
    }
    this.last = event
  }
}

/** Reads a log for what has to be known of the whole of it: names, devices, counts. */
export async function surveyOf(source: EventSource): Promise<Survey> {
  const gathered = new Gathering()
  for await (const event of source.read()) gathered.see(event)
  const { facts, types, fromEntries, regions, pagemaps, events, first, last, ended } = gathered
  const machine = new Machine(
    models.filter((m) => m.devices !== undefined),
    facts,
  )
  const keys = new LogKeys()
  for await (const event of source.read()) {
    machine.step(event)
    if (bringsDevice(event)) keys.see(machine.devices())
  }
  const devices = machine.devices()
  const names = new Names(facts, new Map(devices.map((d) => [d.id, keys.keyOf(d)])), regions, pagemaps)
  return { names, devices, spans: machine.spans, types, events, fromEntries, first, last, ended }
}

/** The events with these sequence numbers, in order. */
export async function eventsAt(source: EventSource, seqs: Iterable<number>): Promise<Map<number, AnyEvent>> {
  const wanted = new Set(seqs)
  const found = new Map<number, AnyEvent>()
  if (wanted.size === 0) return found
  for await (const event of source.read()) {
    if (event.seq !== 0 && wanted.has(event.seq)) found.set(event.seq, event)
    if (found.size === wanted.size) break
  }
  return found
}
