import { Facts, Vocabulary, logCatalogue, type AnyEvent, type DeviceInfo, type Model } from '@devtrail/events'
import { mentioningFields } from './mentions.ts'
import { initialNames, seeNames, tellsOfNames, type NamesState } from './names/names-state.ts'
import { initialSpans, seeSpan, spansOf, type Span, type SpansState } from './spans.ts'
import { evolveTasks, initialTasks, type TasksState } from './tasks.ts'

/** Everything that folding changes; plain data. */
export interface MachineState {
  /** Each model's state, by the model's name. */
  readonly models: Map<string, unknown>
  readonly tasks: TasksState
  readonly spans: SpansState
  readonly names: NamesState
}

/** Every model's state at one moment, and what is known of incarnations. */
export class Machine {
  readonly models: readonly Model[]
  readonly vocabulary: Vocabulary
  readonly facts: Facts
  readonly content: MachineState
  readonly #nothing: Facts

  /**
   * `facts`: what the whole log tells about incarnations, if it was read before; learnt while stepping otherwise.
   * `content`: what an earlier machine of the same models held; it is taken over, not copied.
   */
  constructor(models: readonly Model[], facts?: Facts, content?: MachineState) {
    this.models = models
    this.vocabulary = facts?.vocabulary ?? vocabularyOf(models)
    this.facts = facts ?? new Facts(this.vocabulary)
    this.#nothing = new Facts(this.vocabulary)
    this.content = content ?? {
      models: new Map(models.map((m) => [m.name, m.initial()])),
      tasks: initialTasks(),
      spans: initialSpans(),
      names: initialNames(),
    }
  }

  /**
   * The slow, obvious fold: one plain event object at a time, shown to every model. The oracle of the fast ones, `EventFold`
   * and `BlockFold`.
   */
  step(event: AnyEvent): void {
    const declaration = this.vocabulary.find(event.type)
    this.facts.learn(event, declaration)
    evolveTasks(this.content.tasks, event, declaration)
    for (const m of this.models) m.evolve(this.content.models.get(m.name), event)
    seeSpan(this.content.spans, event, declaration === undefined ? null : mentioningFields(declaration))
    if (declaration !== undefined) seeNames(this.content.names, event, tellsOfNames(declaration), this.toldDevices)
  }

  /** A model's state. @throws Error when there is no such model. */
  // The caller knows the type from the model.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  state<S>(model: string): S {
    if (!this.content.models.has(model)) throw new Error(`there is no model "${model}" among ${this.models.map((m) => m.name).join(', ')}`)
    return this.content.models.get(model) as S
  }

  /** First and last event of each device, and how many there were. */
  get spans(): ReadonlyMap<number, Span> {
    return spansOf(this.content.spans, this.facts)
  }

  /** The devices as the events so far tell of them, without what is known of the whole log. */
  readonly toldDevices = (): DeviceInfo[] => this.models.flatMap((m) => m.devices?.(this.state(m.name), this.#nothing) ?? [])

  devices(): DeviceInfo[] {
    return this.models.flatMap((m) => m.devices?.(this.state(m.name), this.facts) ?? [])
  }

  aliases(device: number): string[] {
    return [...new Set(this.models.flatMap((m) => m.aliases?.(this.state(m.name), device, this.facts) ?? []))]
  }
}

/** The vocabulary of models, with what happens to a log itself. */
export function vocabularyOf(models: readonly Model[]): Vocabulary {
  return new Vocabulary([logCatalogue, ...models.map((m) => m.catalogue)])
}
