import { Facts, type AnyEvent, type Model } from '@devtrail/events'
import { BlockFold, placeAfter } from './block-fold.ts'
import { findMoment } from './find-moment.ts'
import { factsOf, machineOf } from './keyframes.ts'
import { LogBlocks } from './log-blocks.ts'
import { Machine, vocabularyOf } from './machine.ts'
import type { Moment, Position } from './position.ts'
import type { EventSource, StoredKeyframe } from './source.ts'

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
  #facts: Promise<Facts> | null = null

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

  /** The facts of the whole log. */
  facts(): Promise<Facts> {
    return (this.#facts ??= this.#gather())
  }

  async #gather(): Promise<Facts> {
    const keyframe = await this.#keyframe(Number.MAX_SAFE_INTEGER)
    const facts = keyframe === null ? new Facts(vocabularyOf(this.models)) : factsOf(this.models, keyframe.parts)
    const tells = (type: string): boolean => facts.vocabulary.find(type)?.identifies !== undefined
    const types = facts.vocabulary.types().filter(tells)
    const from = keyframe === null ? 0 : keyframe.seq + 1
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
    const facts = await this.facts()
    const keyframe = await this.#keyframe(at.seq)
    const machine = keyframe === null ? new Machine(this.models, facts) : machineOf(this.models, keyframe.parts, facts)
    const fold = new BlockFold(machine)
    const before = keyframe?.seq ?? -1
    for await (const block of this.#blocks.blocks({ from: before + 1, to: at.seq })) {
      fold.step(block, placeAfter(block, before), placeAfter(block, at.seq))
    }
    return { at, machine }
  }

  /** Where a position lies. @throws NoSuchPositionError */
  find(position: Position): Promise<Moment> {
    return findMoment(this.#blocks, position, this.entries)
  }

  /** Steps a machine through everything, calling back after each event with the machine as it then is. */
  async walk(visit: (event: AnyEvent, machine: Machine) => void): Promise<Machine> {
    const machine = new Machine(this.models, await this.facts())
    const fold = new BlockFold(machine)
    for await (const block of this.#blocks.blocks()) {
      for (let place = 0; place < block.count; place++) {
        fold.step(block, place, place + 1)
        visit(block.event(place), machine)
      }
    }
    return machine
  }
}
