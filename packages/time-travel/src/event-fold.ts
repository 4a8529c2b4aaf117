import type { AnyEvent, EventDeclaration, HostId, Model } from '@devtrail/events'
import type { Machine } from './machine.ts'
import { mentioningFields, type MentioningField } from './mentions.ts'
import { seeNames, tellsOfNames, type NameTelling } from './names/names-state.ts'
import { seeSpan } from './spans.ts'
import { evolveTasks, type TasksState } from './tasks.ts'

interface Step {
  readonly evolve: (state: unknown, event: AnyEvent) => void
  readonly state: unknown
}

/** What has to be done for the events of a type, of one host. */
export interface FoldPlan {
  readonly declaration: EventDeclaration | undefined
  readonly mentioning: readonly MentioningField[] | null
  /** Of the models that answer to them. */
  readonly steps: readonly Step[]
  readonly tasks: TasksState
  /** Whether they tell what cannot change about an incarnation. */
  readonly learns: boolean
  /** What they tell about names; null: nothing. */
  readonly names: NameTelling | null
}

/** The models whose state events of a type can change: their own package's; of those about the log itself, all. */
function answering(models: readonly Model[], type: string): readonly Model[] {
  if (type.startsWith('log/')) return models
  return models.filter(({ catalogue }) => type.startsWith(`${catalogue.prefix}/`))
}

/**
 * The fast fold: each event goes only to the models whose package declares it. Events may be seen at a glance: nothing of
 * them is kept but what they hold.
 */
export class EventFold {
  readonly machine: Machine
  readonly #models: readonly Model[]
  readonly #plans = new Map<HostId, Map<string, FoldPlan>>()

  /** `models`: those to fold, where the states of the others are folded by whoever handed them in. */
  constructor(machine: Machine, models: readonly Model[] = machine.models) {
    this.machine = machine
    this.#models = models
  }

  /** @returns whether the event tells what cannot change about an incarnation. */
  step(event: AnyEvent, { declaration, mentioning, steps, tasks, learns, names }: FoldPlan = this.planOf(event.type, event.host)): boolean {
    const { content, facts } = this.machine
    if (learns) facts.learn(event, declaration)
    evolveTasks(tasks, event, declaration)
    for (let i = 0; i < steps.length; i++) {
      const { evolve, state } = steps[i]!
      evolve(state, event)
    }
    seeSpan(content.spans, event, mentioning)
    if (names !== null) seeNames(content.names, event, names, this.machine.told)
    return learns
  }

  planOf(type: string, host: HostId = 0): FoldPlan {
    let ofHost = this.#plans.get(host)
    if (ofHost === undefined) this.#plans.set(host, (ofHost = new Map()))
    let plan = ofHost.get(type)
    if (plan === undefined) {
      const declaration = this.machine.vocabulary.find(type)
      const { models, tasks } = this.machine.host(host)
      const steps = answering(this.#models, type).map(({ evolve, name }) => ({ evolve, state: models.get(name) }))
      const mentioning = declaration === undefined ? null : mentioningFields(declaration)
      const telling = declaration === undefined ? null : tellsOfNames(declaration)
      const names = telling !== null && (telling.starts || telling.brings !== null) ? telling : null
      plan = { declaration, mentioning, steps, tasks, learns: declaration?.identifies !== undefined, names }
      ofHost.set(type, plan)
    }
    return plan
  }
}
