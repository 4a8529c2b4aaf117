/** Runs a scenario: a machine, its tasks, and choices from a seed. */
import type { AnyEvent } from '@devtrail/events'
import { NeverEnds, PageBug, type RulesName, type Steps } from '@devtrail/memremap'
import { Oops } from '@devtrail/nvdimm-pmem'
import { PercpuRefBug } from '@devtrail/percpu-ref'
import { inOrder, SeededChoices } from './machine/choices.ts'
import { SimulatedMachine } from './machine/machine.ts'
import { NoEnd, TURNS_MAX, type Hang } from './machine/scheduler.ts'
import { Exchange, type Refusal } from './scenario/exchange.ts'
import { ScenarioError } from './scenario/place.ts'
import { programOf } from './scenario/programs.ts'
import type { ProgramSpec, Scenario, TaskSpec } from './scenario/scenario.ts'
import type { OpenImage } from './set-up/namespace-bytes.ts'
import { setUp } from './set-up/set-up.ts'

/** Nanoseconds that pass at the end, so that whoever was woken would have run. */
const SILENCE_NS = 2_000_000_000

/** How a run goes on from some turn on. */
export interface Continuation {
  /** Others choose from here on. Null: in order. */
  readonly seed: number | null
  /**
   * Its tasks come; those that there are end before their next step. It goes on in the same machine: its files come, namespaces and
   * faults it has none. Null: who is there goes on.
   */
  readonly scenario: Scenario | null
}

export interface RunOptions {
  /** Those of the scenario unless given. */
  readonly rules?: RulesName
  /** Left out or null: tasks go on in the order in which they stand, each until it waits. From 0 below 2^32. */
  readonly seed?: number | null
  readonly sink: (event: AnyEvent) => void
  /** Opens the images of namespaces that have one; without it such a scenario is refused. */
  readonly open?: OpenImage
}

/** How a run ended. */
export interface Outcome {
  /** Tasks that wait for what nobody brings. */
  readonly hung: readonly Hang[]
  /** What the machine crashed on; null when it did not. */
  readonly crashed: string | null
  /** Steps that the machine refused, with what it said; the first hundred. Their tasks went on. */
  readonly refused: readonly Refusal[]
}

interface Fork {
  readonly isDue: () => boolean
  /** Those that were to come are not taken. */
  readonly replaces: boolean
  readonly how: Continuation
  readonly taken: () => void
}

const isCrash = (error: unknown): error is Error => error instanceof PageBug || error instanceof PercpuRefBug || error instanceof Oops

const placeOf = (scenario: string, task: string): string => `scenario ${scenario}, task ${task}`

/** The steps of a task; what its program throws, which its author has to mend, is told with the task's name. */
function* named(scenario: string, task: TaskSpec | ProgramSpec, steps: Steps<void>): Steps<void> {
  try {
    yield* steps
  } catch (error) {
    // What comes of the machine, or of another task while this one waits in a call, is not the program's.
    const isOthers = isCrash(error) || error instanceof NeverEnds || error instanceof NoEnd || error instanceof ScenarioError
    if (isOthers || !('program' in task)) throw error
    const says = error instanceof Error ? error.message : String(error)
    throw new ScenarioError(placeOf(scenario, task.comm), `its program failed: ${says}`, { cause: error })
  }
}

/** A run of a scenario, turn by turn. */
export class Simulation {
  readonly machine: SimulatedMachine
  /** The last event before the tasks began. */
  readonly readyAt: number
  readonly #forks: Fork[] = []
  #exchange: Exchange
  /** Of the scenario whose tasks are there. */
  #name = ''
  #crashed: string | null = null
  #isOver = false
  readonly #sink: (event: AnyEvent) => void

  /** @throws ScenarioError for a namespace that cannot be had, or an image that is none; RangeError for a seed that is none. */
  constructor(scenario: Scenario, { rules, seed = null, sink, open }: RunOptions) {
    this.#sink = sink
    const { series = 17, faults = [] } = scenario
    this.machine = new SimulatedMachine({ rules: rules ?? scenario.rules ?? 'linux-6.1', series, faults, sink })
    this.#exchange = new Exchange(this.machine)
    setUp(this.machine, scenario, open ?? null)
    this.readyAt = this.machine.emitter.seq
    this.machine.scheduler.beforeTurn = () => {
      const fork = this.#forks.find(({ isDue, replaces }, n) => (n === 0 || replaces) && isDue())
      if (fork === undefined) return
      if (fork.replaces) this.#forks.length = 0
      else this.#forks.shift()
      this.#take(fork)
    }
    this.#begin(scenario, seed)
  }

  /** Turns so far. */
  get turns(): number {
    return this.machine.scheduler.turns
  }

  /** In words, whose turn it was last: for who had to cut a turn off. */
  get placeOfLast(): string {
    return placeOf(this.#name, this.machine.scheduler.last?.comm ?? 'none')
  }

  #begin({ name, tasks }: Scenario, seed: number | null): void {
    this.#name = name
    this.#choose(seed)
    for (const task of tasks)
      this.machine.scheduler.spawn({ pid: task.pid, comm: task.comm }, named(name, task, programOf(this.#exchange, task)))
  }

  #choose(seed: number | null): void {
    this.machine.scheduler.choices = seed === null ? inOrder : new SeededChoices(seed)
  }

  /** Goes on in another way after so many turns. To be called in their order. */
  forkAfter(turns: number, how: Continuation): void {
    this.#forks.push({ isDue: () => this.turns >= turns, replaces: false, how, taken: () => {} })
  }

  /** Goes on in another way at the first turn after event `seq`, whatever else was to come; `taken` is called then. */
  forkAt(seq: number, how: Continuation, taken: () => void): void {
    this.#forks.push({ isDue: () => this.machine.emitter.seq >= seq, replaces: true, how, taken })
  }

  #take({ how: { scenario, seed }, taken }: Fork): void {
    taken()
    if (scenario === null) return this.#choose(seed)
    this.#exchange.isOver = true
    this.#exchange = this.#exchange.handOver()
    for (const file of scenario.files ?? []) this.machine.addFile(file)
    return this.#begin(scenario, seed)
  }

  /** One turn; false when the run is over. @throws ScenarioError for a run that goes round and round, or a program that fails. */
  turn(): boolean {
    if (this.#isOver) return false
    try {
      if (this.machine.scheduler.turn()) return true
    } catch (error) {
      if (error instanceof NoEnd)
        throw new ScenarioError(placeOf(this.#name, error.actor.comm), `goes round and round: no end after ${TURNS_MAX} turns`, {
          cause: error,
        })
      // The machine is down, or nobody can go on.
      if (isCrash(error)) this.#crashed = error.message
      else if (!(error instanceof NeverEnds)) throw error
    }
    this.#end()
    return false
  }

  #end(): void {
    this.#isOver = true
    const { emitter, clock } = this.machine
    emitter.sink = this.#sink
    clock.advance(SILENCE_NS)
    emitter.actor = null
    emitter.emit('log/ended', { complete: true })
  }

  /** To be asked when the run is over. */
  get outcome(): Outcome {
    const hung = this.#crashed === null ? this.machine.scheduler.hung : []
    return { hung, crashed: this.#crashed, refused: this.#exchange.refused }
  }
}

/** Runs a scenario to its end. @throws as {@link Simulation}. */
export function simulate(scenario: Scenario, options: RunOptions): Outcome {
  const simulation = new Simulation(scenario, options)
  while (simulation.turn()) continue
  return simulation.outcome
}
