import { joined } from './joined.ts'
import {
  Facts,
  hostOf,
  Vocabulary,
  logCatalogue,
  type AnyEvent,
  type DeviceInfo,
  type HostId,
  type Json,
  type Looking,
  type Model,
} from '@devtrail/events'
import { mentioningFields } from './mentions.ts'
import { initialNames, seeNames, tellsOfNames, type NamesState, type ToldDevices } from './names/names-state.ts'
import { initialSpans, seeSpan, spansOf, type Span, type SpansState } from './spans.ts'
import { evolveTasks, initialTasks, type TasksState } from './tasks.ts'

/** What folding changes of one host; plain data. */
export interface HostState {
  /** Each model's state, by the model's name. */
  readonly models: Map<string, unknown>
  readonly tasks: TasksState
}

/** Everything that folding changes; plain data. In a log of several hosts the states are those of `hosts`, apart from each other. */
export interface MachineState extends HostState {
  readonly spans: SpansState
  readonly names: NamesState
  readonly hosts: Map<HostId, HostState>
}

export const initialHost = (models: readonly Model[]): HostState => ({
  models: new Map(models.map((m) => [m.name, m.initial()])),
  tasks: initialTasks(),
})

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
    this.content = content ?? { ...initialHost(models), spans: initialSpans(), names: initialNames(), hosts: new Map() }
  }

  /** The state of a host, as it is at first where nothing was said of it yet. 0: of a log of one host. */
  host(host: HostId): HostState {
    const { content } = this
    if (host === 0) return content
    let state = content.hosts.get(host)
    if (state === undefined) content.hosts.set(host, (state = initialHost(this.models)))
    return state
  }

  /** The hosts: 0 alone in a log of one. */
  hosts(): HostId[] {
    const known = new Set([...this.content.hosts.keys(), ...this.facts.hosts()])
    return known.size === 0 ? [0] : [...known].toSorted((a, b) => a - b)
  }

  /** A host's name; null in a log of one host. */
  hostName(host: HostId): string | null {
    return host === 0 ? null : (this.facts.value<string>('host', host, 'name') ?? `#${host}`)
  }

  /**
   * The slow, obvious fold: one plain event object at a time, shown to every model. The oracle of the fast ones, `EventFold`
   * and `BlockFold`.
   */
  step(event: AnyEvent): void {
    const declaration = this.vocabulary.find(event.type)
    this.facts.learn(event, declaration)
    const { models, tasks } = this.host(event.host ?? 0)
    evolveTasks(tasks, event, declaration)
    for (const m of this.models) m.evolve(models.get(m.name), event)
    seeSpan(this.content.spans, event, declaration === undefined ? null : mentioningFields(declaration))
    if (declaration !== undefined) seeNames(this.content.names, event, tellsOfNames(declaration), this.told)
  }

  /** A model's state, of a host where there are several. @throws Error when there is no such model. */
  // The caller knows the type from the model.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  state<S>(model: string, host: HostId = 0): S {
    const { models } = this.host(host)
    if (!models.has(model)) throw new Error(`there is no model "${model}" among ${this.models.map((m) => m.name).join(', ')}`)
    return models.get(model) as S
  }

  /** A model's state of each host. @throws Error when there is no such model. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  states<S>(model: string): (readonly [host: HostId, state: S])[] {
    return this.hosts().map((host) => [host, this.state<S>(model, host)])
  }

  /** First and last event of each device, and how many there were. */
  get spans(): ReadonlyMap<number, Span> {
    return spansOf(this.content.spans, this.facts)
  }

  /** The devices as the events so far tell of them, without what is known of the whole log. */
  readonly told: ToldDevices = {
    all: () => {
      const { content } = this
      const states: readonly HostState[] = content.hosts.size === 0 ? [content] : [...content.hosts.values()]
      return states.flatMap(({ models }) => this.models.flatMap((m) => m.devices?.(models.get(m.name), this.#nothing) ?? []))
    },
    one: (id) => this.#deviceBy(id, this.#nothing),
  }

  #deviceBy(id: number, facts: Facts): DeviceInfo | null {
    const { models } = this.host(hostOf(id))
    for (const m of this.models) {
      const state = models.get(m.name)
      const found = m.device === undefined ? m.devices?.(state, facts).find((d) => d.id === id) : m.device(state, id, facts)
      if (found != null) return found
    }
    return null
  }

  /** One of `devices`, without asking for all; null: there is none of that number. */
  device(id: number): DeviceInfo | null {
    const host = hostOf(id)
    const found = this.#deviceBy(id, this.facts.of(host))
    const name = this.hostName(host)
    return found === null || name === null ? found : { ...found, host: name }
  }

  devices(): DeviceInfo[] {
    return this.hosts().flatMap((host) => {
      const facts = this.facts.of(host)
      const devices = this.models.flatMap((m) => m.devices?.(this.state(m.name, host), facts) ?? [])
      const name = this.hostName(host)
      return name === null ? devices : devices.map((device) => ({ ...device, host: name }))
    })
  }

  aliases(device: number): string[] {
    const host = hostOf(device)
    const facts = this.facts.of(host)
    return [...new Set(this.models.flatMap((m) => m.aliases?.(this.state(m.name, host), device, facts) ?? []))]
  }

  /** What models, all or some, tell of a device. */
  describe(device: number, models: readonly Model[] = this.models, looking?: Looking): { [part: string]: Json } {
    const host = hostOf(device)
    const facts = this.facts.of(host)
    const parts: { [part: string]: Json } = {}
    for (const m of models) Object.assign(parts, joined(this, device, m, m.describe(this.state(m.name, host), device, facts, looking)))
    return parts
  }

  /** What models, all or some, tell of the machine as a whole. Of several hosts nothing is one whole. */
  overall(models: readonly Model[] = this.models): { [part: string]: Json } {
    const parts: { [part: string]: Json } = {}
    const [host, ...others] = this.hosts()
    if (host === undefined || others.length > 0) return parts
    const facts = this.facts.of(host)
    for (const m of models) Object.assign(parts, m.overall?.(this.state(m.name, host), facts) ?? {})
    return parts
  }
}

/** The vocabulary of models, with what happens to a log itself. */
export function vocabularyOf(models: readonly Model[]): Vocabulary {
  return new Vocabulary([logCatalogue, ...models.map((m) => m.catalogue)])
}
