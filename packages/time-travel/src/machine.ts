import { Facts, Vocabulary, logCatalogue, type AnyEvent, type DeviceInfo, type Model } from '@devtrail/events'
import { deviceOf } from './devices.ts'
import { Tasks } from './tasks.ts'

/** First and last event of a device incarnation so far. */
export interface Span {
  first: number
  last: number
  events: number
}

/**
 * The slow, obvious fold: every model's state, stepped one plain event object at a time. It stays as the oracle of
 * whatever faster fold there will be.
 */
export class Machine {
  readonly models: readonly Model[]
  readonly vocabulary: Vocabulary
  readonly facts: Facts
  readonly tasks = new Tasks()
  readonly spans = new Map<number, Span>()
  readonly #states = new Map<string, unknown>()

  /** `facts`: what the whole log tells about incarnations, if it was read before; learnt while stepping otherwise. */
  constructor(models: readonly Model[], facts?: Facts) {
    this.models = models
    this.vocabulary = facts?.vocabulary ?? vocabularyOf(models)
    this.facts = facts ?? new Facts(this.vocabulary)
    for (const m of models) this.#states.set(m.name, m.initial())
  }

  step(event: AnyEvent): void {
    this.facts.learn(event)
    this.tasks.see(event, this.vocabulary.find(event.type))
    for (const m of this.models) m.evolve(this.#states.get(m.name), event)
    const device = deviceOf(event, this.vocabulary, this.facts)
    if (device === null) return
    const span = this.spans.get(device)
    if (span === undefined) this.spans.set(device, { first: event.seq, last: event.seq, events: 1 })
    else {
      span.last = event.seq
      span.events++
    }
  }

  /** A model's state. @throws Error when there is no such model. */
  // The caller knows the type from the model.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  state<S>(model: string): S {
    if (!this.#states.has(model)) throw new Error(`there is no model "${model}" among ${this.models.map((m) => m.name).join(', ')}`)
    return this.#states.get(model) as S
  }

  devices(): DeviceInfo[] {
    return this.models.flatMap((m) => m.devices?.(this.#states.get(m.name), this.facts) ?? [])
  }

  aliases(device: number): string[] {
    return [...new Set(this.models.flatMap((m) => m.aliases?.(this.#states.get(m.name), device, this.facts) ?? []))]
  }
}

/** The vocabulary of models, with what happens to a log itself. */
export function vocabularyOf(models: readonly Model[]): Vocabulary {
  return new Vocabulary([logCatalogue, ...models.map((m) => m.catalogue)])
}
