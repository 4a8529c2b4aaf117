import type { AnyEvent, EventBlock, Facts, Model } from '@devtrail/events'
import { factsBefore, machineBefore } from './begin.ts'
import { BlockFold, placeAfter } from './block-fold.ts'
import { eventsAt } from './events-at.ts'
import { findMoment } from './find-moment.ts'
import { HostClocks, hostsOf } from './hosts/clocks.ts'
import { concurrentWith, type Concurrent } from './hosts/concurrent.ts'
import type { Interruption } from './interruption.ts'
import { factsOf, machineOf, partsOf } from './keyframes.ts'
import { LogBlocks } from './log-blocks.ts'
import type { Machine } from './machine.ts'
import { NearKeyframes } from './near-keyframes.ts'
import type { Moment, Position } from './position.ts'
import type { EventSource, StoredKeyframe } from './source.ts'
import { Turns } from './turns.ts'

/** The state of everything at a moment, with what was learnt later filled back. */
export interface Snapshot {
  readonly at: Moment
  readonly machine: Machine
}

export interface HistoryOptions {
  /** How many entries the recording has, where known. */
  readonly entries?: number | null
  /** Whose keyframes to start from: the name under which folds of just these models were saved. Null: none. */
  readonly fold?: string | null
}

/** A stretch of a log that a machine is stepped through. */
export interface Replay {
  readonly from?: number
  readonly to?: number
  /** Every how many events to keep a keyframe in memory, for whoever looks here again. */
  readonly keep?: number
  readonly signal?: Interruption | undefined
  readonly begin?: (machine: Machine, seq: number) => void
  /** Called with each event, just folded. True: that is enough. */
  readonly step?: (block: EventBlock, place: number, machine: Machine) => boolean | void
}

export interface SearchOptions {
  /** Not those that are said to be of another device, but for types that reach all. */
  readonly device?: number | null
  readonly reachesAll?: (type: string) => boolean
  readonly signal?: Interruption | undefined
  /** Told the event that is looked at, now and then. */
  readonly onProgress?: (seq: number) => void
}

/**
 * A log that can be asked for its state at any position: from the keyframe before it, and what it tells about
 * incarnations over its whole length.
 */
export class History {
  readonly source: EventSource
  readonly models: readonly Model[]
  readonly entries: number | null
  readonly #fold: string | null
  readonly #blocks: LogBlocks
  readonly #near = new NearKeyframes()
  #clocks: Promise<HostClocks> | null = null
  #facts: Promise<Facts> | null = null
  #lastKeyframe: Promise<StoredKeyframe | null> | null = null
  #end: Promise<Machine> | null = null

  constructor(source: EventSource, models: readonly Model[], { entries = null, fold = null }: HistoryOptions = {}) {
    this.source = source
    this.models = models
    this.entries = entries
    this.#fold = fold
    this.#blocks = new LogBlocks(source)
  }

  async #keyframe(atOrBefore: number): Promise<StoredKeyframe | null> {
    if (this.#fold === null || atOrBefore < 1) return null
    return (await this.source.keyframe?.(this.#fold, atOrBefore)) ?? null
  }

  #newestKeyframe(): Promise<StoredKeyframe | null> {
    return (this.#lastKeyframe ??= this.#keyframe(Number.MAX_SAFE_INTEGER))
  }

  /** The facts of the whole log. */
  facts(): Promise<Facts> {
    return (this.#facts ??= this.#gather())
  }

  /**
   * The machine as it is at the end of the log, to be looked at only: from the last keyframe and what comes after it. It is kept
   * for whoever asks again.
   */
  end(): Promise<Machine> {
    return (this.#end ??= this.#foldAll())
  }

  async #foldAll(): Promise<Machine> {
    const keyframe = await this.#newestKeyframe()
    const known = (await this.#facts) ?? undefined
    // What it learns on the way are then the facts of the whole log.
    const { machine, seq } =
      keyframe === null
        ? machineBefore(this.models, this.source.start, known)
        : { machine: machineOf(this.models, keyframe.parts, known), seq: keyframe.seq }
    const fold = new BlockFold(machine)
    for await (const block of this.#blocks.blocks({ from: seq + 1 })) fold.step(block, placeAfter(block, seq))
    this.#facts ??= Promise.resolve(machine.facts)
    this.#lastKeyframe = null
    return machine
  }

  async #gather(): Promise<Facts> {
    const keyframe = await this.#newestKeyframe()
    const facts = keyframe === null ? factsBefore(this.models, this.source.start) : factsOf(this.models, keyframe.parts)
    const tells = (type: string): boolean => facts.vocabulary.find(type)?.identifies !== undefined
    const types = facts.vocabulary.types().filter(tells)
    const from = keyframe === null ? (this.source.start?.seq ?? -1) + 1 : keyframe.seq + 1
    for await (const block of this.#blocks.blocks({ from, types })) {
      const telling = block.types.map(({ name }) => tells(name))
      if (!telling.includes(true)) continue
      const { type } = block
      for (let place = 0; place < block.count; place++) if (telling[type[place]!]) facts.learn(block.event(place))
    }
    return facts
  }

  /** @throws NoSuchPositionError */
  async at(position: Position): Promise<Snapshot> {
    const at = await this.find(position)
    // Whoever asked for the end has it.
    if (this.#end !== null && at.seq === (await this.lastSeq())) return { at, machine: await this.#end }
    const { machine, seq } = await this.#begin(at.seq)
    const fold = new BlockFold(machine)
    for await (const block of this.#blocks.blocks({ from: seq + 1, to: at.seq })) {
      fold.step(block, placeAfter(block, seq), placeAfter(block, at.seq))
    }
    return { at, machine }
  }

  /** The machine of the newest keyframe up to `seq`, and where that is; an empty one, and −1, when there is none. */
  async #begin(seq: number): Promise<{ machine: Machine; seq: number }> {
    const facts = await this.facts()
    const near = this.#near.find(seq)
    const stored = near?.seq === seq ? null : await this.#keyframe(seq)
    const keyframe = near !== null && near.seq >= (stored?.seq ?? -1) ? near : stored
    if (keyframe === null) return machineBefore(this.models, this.source.start, facts)
    return { machine: machineOf(this.models, keyframe.parts, facts), seq: keyframe.seq }
  }

  /**
   * Steps a machine from the newest keyframe up to `from` (default: from before the first event) to the event `to`, the
   * baseline being one step. `begin` is told where that begins (−1: before all), `step` of each event behind it.
   * @returns the machine as it is then.
   */
  async replay({ from = -1, to = Infinity, keep = Infinity, signal, begin, step }: Replay): Promise<Machine> {
    const { machine, seq } = from < 1 ? machineBefore(this.models, this.source.start, await this.facts()) : await this.#begin(from)
    begin?.(machine, seq)
    const fold = new BlockFold(machine)
    let keepAt = Math.max(seq, 0) + keep
    const turns = new Turns()
    for await (const block of this.#blocks.blocks({ from: seq + 1, to })) {
      signal?.throwIfAborted()
      const end = placeAfter(block, to)
      for (let place = placeAfter(block, seq); place < end; place++) {
        if (turns.isDue()) {
          await turns.give()
          signal?.throwIfAborted()
        }
        fold.step(block, place, place + 1)
        if (step?.(block, place, machine) === true) return machine
        if (block.seq(place) < keepAt) continue
        this.#near.add({ seq: block.seq(place), parts: partsOf(machine) })
        keepAt = block.seq(place) + keep
      }
    }
    return machine
  }

  /** The hosts of the log, and how sure their times are; no host in a log of one. */
  clocks(): Promise<HostClocks> {
    return (this.#clocks ??= HostClocks.of(this.#blocks, this.source.start))
  }

  /** Which events of other hosts may have happened before or after an event. */
  async concurrentWith(event: AnyEvent): Promise<Concurrent | null> {
    return concurrentWith(this.#blocks, await this.clocks(), event)
  }

  /** The events with these sequence numbers; those of the baseline have none of their own. */
  events(seqs: Iterable<number>): Promise<Map<number, AnyEvent>> {
    return eventsAt(this.#blocks, seqs)
  }

  /**
   * The nearest event that fits, looked for from one event to another, backwards where `to` is before `from`; both included.
   * Folds nothing. `types`: only types for which it is true are looked at.
   */
  async search(
    from: number,
    to: number,
    types: (type: string) => boolean,
    fits: (event: AnyEvent) => boolean,
    { device = null, reachesAll = () => false, signal, onProgress }: SearchOptions = {},
  ): Promise<number | null> {
    const [low, high] = [Math.max(1, Math.min(from, to)), Math.max(from, to)]
    const summaries = (await this.#blocks.summaries()).filter(({ firstSeq, lastSeq }) => lastSeq >= low && firstSeq <= high)
    const turns = new Turns()
    for (const { firstSeq, lastSeq } of from <= to ? summaries : summaries.toReversed()) {
      if (turns.isTime()) await turns.give()
      signal?.throwIfAborted()
      onProgress?.(from <= to ? firstSeq : lastSeq)
      for await (const block of this.#blocks.blocks({ from: Math.max(1, firstSeq), to: lastSeq })) {
        const wanted = block.types.map(({ name }) => types(name))
        const everywhere = block.types.map(({ name }) => device === null || reachesAll(name))
        for (let i = 0; i < block.count; i++) {
          const place = from <= to ? i : block.count - 1 - i
          const seq = block.seq(place)
          const type = block.type[place]!
          if (seq < low || seq > high || !wanted[type]!) continue
          if (!everywhere[type]! && block.device[place]! !== device && !Number.isNaN(block.device[place]!)) continue
          if (fits(block.view(place))) return seq
        }
      }
    }
    return null
  }

  /** `seq` of the last event. */
  async lastSeq(): Promise<number> {
    return (await this.#blocks.summaries()).at(-1)?.lastSeq ?? this.source.start?.seq ?? 0
  }

  /** Where a position lies. @throws NoSuchPositionError */
  find(position: Position): Promise<Moment> {
    return findMoment(this.#blocks, position, this.entries, () => hostsOf(this.#blocks, this.source.start), this.source.start)
  }

  /** Steps a machine through everything, calling back after each event with the machine as it then is. */
  async walk(visit: (event: AnyEvent, machine: Machine) => void): Promise<Machine> {
    const { machine, seq } = machineBefore(this.models, this.source.start, await this.facts())
    const fold = new BlockFold(machine)
    for await (const block of this.#blocks.blocks({ from: seq + 1 })) {
      for (let place = placeAfter(block, seq); place < block.count; place++) {
        fold.step(block, place, place + 1)
        visit(block.event(place), machine)
      }
    }
    return machine
  }
}
