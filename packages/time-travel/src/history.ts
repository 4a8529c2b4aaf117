import { Facts, type AnyEvent, type Model } from '@devtrail/events'
import { Machine, vocabularyOf } from './machine.ts'
import { PositionFinder, type Moment, type Position } from './position.ts'
import type { EventSource } from './source.ts'

/** The state of everything at a moment, with what was learnt later filled back. */
export interface Snapshot {
  readonly at: Moment
  readonly machine: Machine
}

/**
 * A log that can be asked for its state at any position. Reads the source once to gather what is known about
 * incarnations over its whole length, then again for each question: slow and obvious.
 */
export class History {
  readonly source: EventSource
  readonly models: readonly Model[]
  /** How many entries the recording has, where known. */
  readonly entries: number | null

  constructor(source: EventSource, models: readonly Model[], entries: number | null = null) {
    this.source = source
    this.models = models
    this.entries = entries
  }

  /** One pass over everything: the facts, and where a position lies. */
  async #survey(position: Position): Promise<{ facts: Facts; at: Moment }> {
    const facts = new Facts(vocabularyOf(this.models))
    const finder = new PositionFinder(position)
    for await (const event of this.source.read()) {
      facts.learn(event)
      finder.see(event)
    }
    return { facts, at: finder.found(this.entries) }
  }

  /** @throws NoSuchPositionError */
  async at(position: Position): Promise<Snapshot> {
    const { facts, at } = await this.#survey(position)
    const machine = new Machine(this.models, facts)
    for await (const event of this.source.read()) {
      if (event.seq > at.seq) break
      machine.step(event)
    }
    return { at, machine }
  }

  /** Where a position lies. @throws NoSuchPositionError */
  async find(position: Position): Promise<Moment> {
    return (await this.#survey(position)).at
  }

  /** The facts of the whole log. */
  async facts(): Promise<Facts> {
    return (await this.#survey({ kind: 'end' })).facts
  }

  /** Steps a machine through everything, calling back after each event with the machine as it then is. */
  async walk(visit: (event: AnyEvent, machine: Machine) => void): Promise<Machine> {
    const { facts } = await this.#survey({ kind: 'end' })
    const machine = new Machine(this.models, facts)
    for await (const event of this.source.read()) {
      machine.step(event)
      visit(event, machine)
    }
    return machine
  }
}
