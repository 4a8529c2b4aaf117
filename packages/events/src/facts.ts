import type { EventDeclaration, Vocabulary } from './declare.ts'
import type { AnyEvent } from './envelope.ts'
import type { FieldKind } from './field.ts'
import { hostOf, type HostId } from './host.ts'

/** An attribute of an incarnation, and the event that told it. */
export interface Fact {
  readonly value: unknown
  readonly seq: number
  /** The type of that event. */
  readonly type: string
}

/** Facts by kind of incarnation, incarnation and attribute; plain data. */
export type FactsContent = Map<FieldKind, Map<number, Map<string, Fact>>>

/**
 * What a log tells about incarnations that cannot change over their life (a pagemap's range and owner, a device's
 * bus). Gathered over the whole log, so that it can be filled back to moments before it was learnt. What can change
 * is never in here. In a log of several hosts each has facts of its own, which those of the log find by an incarnation's number.
 */
export class Facts {
  readonly vocabulary: Vocabulary
  readonly content: FactsContent
  readonly #hosts = new Map<HostId, Facts>()

  /** `content`: what was learnt before; it is taken over, not copied. */
  constructor(vocabulary: Vocabulary, content: FactsContent = new Map()) {
    this.vocabulary = vocabulary
    this.content = content
  }

  /** Takes note of an event, whose declaration may be handed in; the first telling of an attribute stays. */
  learn(event: AnyEvent, d: EventDeclaration | undefined = this.vocabulary.find(event.type)): void {
    if (d?.identifies === undefined) return
    const id = event.data[d.identifies]
    if (typeof id !== 'number') return
    const { kind } = d.fields[d.identifies]!
    const { content } = this.of(hostOf(id))
    let ofKind = content.get(kind)
    if (ofKind === undefined) content.set(kind, (ofKind = new Map()))
    let attributes = ofKind.get(id)
    if (attributes === undefined) ofKind.set(id, (attributes = new Map()))
    for (const [name, value] of Object.entries(event.data)) {
      if (name === d.identifies || value === null || attributes.has(name)) continue
      attributes.set(name, { value, seq: event.seq, type: event.type })
    }
  }

  /** What is known of one host of several; of 0, all of it. */
  of(host: HostId): Facts {
    if (host === 0) return this
    let facts = this.#hosts.get(host)
    if (facts === undefined) this.#hosts.set(host, (facts = new Facts(this.vocabulary)))
    return facts
  }

  /** The hosts of which something is known, in a log of several. */
  hosts(): HostId[] {
    return [...this.#hosts.keys()]
  }

  /** Takes over what was known of one host. */
  restore(host: HostId, content: FactsContent): void {
    this.#hosts.set(host, new Facts(this.vocabulary, content))
  }

  find(kind: FieldKind, id: number, attribute: string): Fact | undefined {
    const host = hostOf(id)
    const content = host === 0 ? this.content : (this.#hosts.get(host)?.content ?? this.content)
    return content.get(kind)?.get(id)?.get(attribute)
  }

  /** The incarnations of a kind of which something is known; of a log of several hosts, those of none of them. */
  ids(kind: FieldKind): number[] {
    return [...(this.content.get(kind)?.keys() ?? [])]
  }

  /** The value alone, or null. */
  // The caller knows the type from the declaration of the attribute.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  value<T>(kind: FieldKind, id: number, attribute: string): T | null {
    return (this.find(kind, id, attribute)?.value as T | undefined) ?? null
  }
}
