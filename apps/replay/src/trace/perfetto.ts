/** Perfetto's own format: track events, to the nanosecond. Numbers are those of its trace.proto and track_event.proto. */
import type { AnyEvent } from '@devtrail/events'
import { Message } from './protobuf.ts'
import type { Args, Arrows, Track, TraceFormat } from './tell-trace.ts'

const TRACE = { packet: 1 } as const
const PACKET = { timestamp: 8, sequence: 10, event: 11, sequenceFlags: 13, descriptor: 60 } as const
const DESCRIPTOR = { uuid: 1, name: 2, parent: 5, counter: 8 } as const
const EVENT = { annotation: 4, type: 9, track: 11, category: 22, name: 23, counter: 30, flow: 47, flowEnd: 48 } as const
const ANNOTATION = { bool: 2, int: 4, string: 6, name: 10 } as const
const TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const

/** All packets are of one writer, which has forgotten nothing. */
const SEQUENCE = 1
const STATE_CLEARED = 1
/** Groups have numbers behind those of tracks. */
const GROUP_BASE = 2 ** 32

export class PerfettoTrace implements TraceFormat {
  readonly #groups = new Map<string, number>()

  #packet(packet: Message): Uint8Array {
    return new Message().message(TRACE.packet, packet.int(PACKET.sequence, SEQUENCE)).finish()
  }

  #event(time: number, event: Message): Uint8Array {
    return this.#packet(new Message().int(PACKET.timestamp, Math.max(0, Math.round(time))).message(PACKET.event, event))
  }

  begin(groups: readonly string[]): Uint8Array {
    const pieces = [this.#packet(new Message().int(PACKET.sequenceFlags, STATE_CLEARED))]
    for (const group of groups) {
      const uuid = GROUP_BASE + this.#groups.size
      this.#groups.set(group, uuid)
      pieces.push(
        this.#packet(new Message().message(PACKET.descriptor, new Message().int(DESCRIPTOR.uuid, uuid).string(DESCRIPTOR.name, group))),
      )
    }
    return Buffer.concat(pieces)
  }

  track({ id, name, group }: Track, isCounter: boolean): Uint8Array {
    const descriptor = new Message().int(DESCRIPTOR.uuid, id).string(DESCRIPTOR.name, name)
    const parent = group === null ? undefined : this.#groups.get(group)
    if (parent !== undefined) descriptor.int(DESCRIPTOR.parent, parent)
    if (isCounter) descriptor.message(DESCRIPTOR.counter, new Message())
    return this.#packet(new Message().message(PACKET.descriptor, descriptor))
  }

  #named(track: Track, type: number, name: string, category: string, args: Args): Message {
    const event = new Message().int(EVENT.type, type).int(EVENT.track, track.id).string(EVENT.category, category).string(EVENT.name, name)
    for (const [key, value] of Object.entries(args)) {
      if (value === null) continue
      const annotation = new Message().string(ANNOTATION.name, key)
      if (typeof value === 'boolean') annotation.int(ANNOTATION.bool, value ? 1 : 0)
      else if (Number.isSafeInteger(value)) annotation.int(ANNOTATION.int, value as number)
      else annotation.string(ANNOTATION.string, typeof value === 'string' ? value : JSON.stringify(value))
      event.message(EVENT.annotation, annotation)
    }
    return event
  }

  slice(track: Track, from: number, to: number, name: string, args: Args): Uint8Array {
    const begin = this.#event(from, this.#named(track, TYPE.begin, name, track.name, args))
    const end = this.#event(Math.max(from, to), new Message().int(EVENT.type, TYPE.end).int(EVENT.track, track.id))
    return Buffer.concat([begin, end])
  }

  event(track: Track, { time, type }: AnyEvent, args: Args, { begin, end }: Arrows): Uint8Array {
    const event = this.#named(track, TYPE.instant, type, 'event', args)
    for (const id of begin) event.fixed64(EVENT.flow, id)
    for (const id of end) event.fixed64(EVENT.flowEnd, id)
    return this.#event(time, event)
  }

  instant(track: Track, time: number, name: string, args: Args): Uint8Array {
    return this.#event(time, this.#named(track, TYPE.instant, name, track.name, args))
  }

  counter(track: Track, time: number, value: number): Uint8Array {
    return this.#event(time, new Message().int(EVENT.type, TYPE.counter).int(EVENT.track, track.id).int(EVENT.counter, value))
  }

  end(): Uint8Array {
    return new Uint8Array(0)
  }
}
