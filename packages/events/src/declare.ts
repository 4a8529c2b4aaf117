import type { Data, Fields } from './field.ts'

/**
 * The declaration of one event type. What shared code (fold, stuck, check, tables) has to know about a type stands
 * here, so that no shared code ever branches on a concrete type.
 */
export interface EventDeclaration {
  /** Raised when the fields change; older events are upcast on reading. */
  readonly version: number
  /** One sentence in the past tense: what happened. */
  readonly doc: string
  readonly fields: Fields
  /** The kernel function the event mirrors, if there is one. */
  readonly kernel?: string
  /** The event enters or returns from a call of the acting task; `stuck` pairs them by `call` and task. */
  readonly call?: { readonly edge: 'enter' | 'return'; readonly name: string; readonly waitsFor?: string }
  /**
   * The event states attributes of an incarnation that cannot change; they are filled back over its whole life.
   * The named field holds the incarnation, all other fields that are not null are attributes.
   */
  readonly identifies?: string
  /** Upcasts `data` of version n (the key) to version n + 1. */
  readonly upcasts?: { readonly [version: number]: (old: Record<string, unknown>) => Record<string, unknown> }
}

export type Declarations = { readonly [name: string]: EventDeclaration }

/** A package's whole vocabulary: `prefix/name` → declaration. */
export interface Catalogue<P extends string = string, D extends Declarations = Declarations> {
  readonly prefix: P
  readonly declarations: D
}

/** The closed union of a catalogue's events, as `{ type, data }`. */
export type Payload<C> =
  C extends Catalogue<infer P, infer D>
    ? { readonly [N in keyof D & string]: { readonly type: `${P}/${N}`; readonly data: Data<D[N]['fields']> } }[keyof D & string]
    : never

/** The full names of a catalogue's event types. */
export type EventName<C> = Payload<C>['type' & keyof Payload<C>]

/** The data of one event type of a catalogue; never of one that it does not declare. */
export type DataOf<C, T extends string> =
  Extract<Payload<C>, { readonly type: T }> extends infer E ? (E extends { readonly data: infer X } ? X : never) : never

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/**
 * Declares a package's event types, once. Names are kebab-case and in the past tense.
 * @throws Error on a malformed name, an enum without values, or an `identifies` that names no field.
 */
export function declareEvents<const P extends string, const D extends Declarations>(prefix: P, declarations: D): Catalogue<P, D> {
  if (!NAME.test(prefix)) throw new Error(`event prefix "${prefix}" is not kebab-case`)
  for (const [name, d] of Object.entries(declarations)) {
    if (!NAME.test(name)) throw new Error(`event name "${prefix}/${name}" is not kebab-case`)
    if (d.identifies !== undefined && !Object.hasOwn(d.fields, d.identifies)) {
      throw new Error(`${prefix}/${name} identifies "${d.identifies}", which is not one of its fields`)
    }
    for (const [field, f] of Object.entries(d.fields)) {
      if (f.kind === 'enum' && !f.values?.length) throw new Error(`${prefix}/${name}.${field} is an enum without values`)
    }
  }
  return { prefix, declarations }
}

/** Several catalogues looked up by full event name. */
export class Vocabulary {
  readonly #byType = new Map<string, EventDeclaration>()

  readonly catalogues: readonly Catalogue[]

  constructor(catalogues: readonly Catalogue[]) {
    this.catalogues = catalogues
    for (const c of catalogues) {
      for (const [name, d] of Object.entries(c.declarations)) {
        const type = `${c.prefix}/${name}`
        if (this.#byType.has(type)) throw new Error(`event type ${type} is declared twice`)
        this.#byType.set(type, d)
      }
    }
  }

  find(type: string): EventDeclaration | undefined {
    return this.#byType.get(type)
  }

  /** @throws Error when the type is not declared. */
  get(type: string): EventDeclaration {
    const d = this.#byType.get(type)
    if (d === undefined)
      throw new Error(`event type "${type}" is not in the vocabulary (${this.catalogues.map((c) => c.prefix).join(', ')})`)
    return d
  }

  types(): string[] {
    return [...this.#byType.keys()]
  }
}
