import type { AnyEvent, EventDeclaration, EventRows, HostId, Model, TypeRows } from '@devtrail/events'
import type { Machine } from './machine.ts'
import { mentioningFields, type MentioningField } from './mentions.ts'
import { seeNames, tellsOfNames, type NameTelling } from './names/names-state.ts'
import { RowSpans } from './row-spans.ts'
import { RowTasks } from './row-tasks.ts'
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

/** What has to be done for the rows of a type. */
interface RowFold {
  /** Null where they are folded as events. */
  readonly spans: RowSpans | null
  readonly call: EventDeclaration['call']
  /** How many of the rows at hand were seen. */
  readonly at: { row: number }
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
  readonly #rows = new Map<string, RowFold>()
  #origins: EventRows['origins'] = []
  readonly #byOrigin: (RowFold | undefined)[] = []
  readonly #tasks: RowTasks
  /** Whether there were rows that tasks and spans have not been told of. */
  #owes = false

  /** `models`: those to fold, where the states of the others are folded by whoever handed them in. */
  constructor(machine: Machine, models: readonly Model[] = machine.models) {
    this.machine = machine
    this.#models = models
    this.#tasks = new RowTasks(machine.content.tasks)
  }

  /** @returns whether the event tells what cannot change about an incarnation. */
  step(event: AnyEvent, { declaration, mentioning, steps, tasks, learns, names }: FoldPlan = this.planOf(event.type, event.host)): boolean {
    if (this.#owes) this.settle()
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

  /**
   * The same of events in numbers, where the models they go to are folded by whoever handed them in. Tasks and spans are
   * told of them with the next event, or by `settle`.
   */
  stepRows(rows: EventRows): void {
    const { origins } = rows
    if (origins !== this.#origins) {
      this.#origins = origins
      this.#byOrigin.length = 0
    }
    for (const { at } of this.#rows.values()) at.row = 0
    const { count, from, origin } = rows
    let isReturn = false
    for (let i = 0; i < count; i++) {
      const place = origin[from + i]!
      const ofType = origins[place]!.rows
      const { spans, call, at } = this.#byOrigin[place] ?? this.#rowFoldOf(place, ofType)
      const row = at.row++
      if (spans === null) {
        this.step(rows.event(i, row))
        continue
      }
      const pagemap = spans.pagemapOf(ofType, row)
      // Of a call and its return, one behind the other, tasks need not be told.
      const next = i + 1 < count ? this.#byOrigin[origin[from + i + 1]!] : undefined
      if (isReturn) isReturn = false
      else if (next !== undefined && next.spans !== null && this.#tasks.isPair(rows, i, call, next.call)) isReturn = true
      else this.#tasks.see(rows, i, call, pagemap)
      spans.see(rows, i, row, pagemap)
      this.#owes = true
    }
  }

  #rowFoldOf(place: number, rows: TypeRows): RowFold {
    let fold = this.#rows.get(rows.type)
    if (fold === undefined) this.#rows.set(rows.type, (fold = { spans: this.#spansOf(rows), call: rows.declaration.call, at: { row: 0 } }))
    return (this.#byOrigin[place] = fold)
  }

  #spansOf(rows: TypeRows): RowSpans | null {
    const { mentioning, steps, learns, names } = this.planOf(rows.type)
    const isPlain = !learns && names === null && steps.length === 0 && mentioning !== null && RowSpans.fits(mentioning)
    return isPlain ? new RowSpans(this.machine.content.spans, rows, mentioning) : null
  }

  /** Tells tasks and spans of all rows so far: before anybody looks at the machine. */
  settle(): void {
    this.#tasks.handOver()
    for (const { spans } of this.#rows.values()) spans?.handOver()
    this.#owes = false
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
