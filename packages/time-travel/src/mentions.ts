import type { AnyEvent, EventDeclaration, Facts } from '@devtrail/events'

/** Something that is a device, or belongs to one. */
export interface Mention {
  readonly kind: 'device' | 'pagemap' | 'region'
  /** The incarnation. */
  readonly id: number
}

/** A field by which an event mentions what belongs to a device. */
export interface MentioningField {
  readonly name: string
  readonly kind: Mention['kind']
}

const fieldsOf = new WeakMap<EventDeclaration, readonly MentioningField[]>()

/** The fields by which events of a type mention what belongs to a device, in order. */
export function mentioningFields(declaration: EventDeclaration): readonly MentioningField[] {
  let fields = fieldsOf.get(declaration)
  if (fields === undefined) {
    fields = Object.entries(declaration.fields).flatMap(([name, { kind }]) =>
      kind === 'device' || kind === 'pagemap' || kind === 'region' ? { name, kind } : [],
    )
    fieldsOf.set(declaration, fields)
  }
  return fields
}

export const NONE: readonly Mention[] = Object.freeze([])

/** What an event is about: its device, or else what it names, up to the first device. */
export function mentionsOf(event: AnyEvent, declaration: EventDeclaration | undefined): readonly Mention[] {
  const { device } = event
  if (device !== null) return [{ kind: 'device', id: device }]
  const fields = declaration === undefined ? [] : mentioningFields(declaration)
  if (fields.length === 0) return NONE
  const mentions: Mention[] = []
  for (const { name, kind } of fields) {
    const id = event.data[name]
    if (typeof id !== 'number') continue
    mentions.push({ kind, id })
    if (kind === 'device') break
  }
  return mentions
}

/** The device that mentions lead to; null while no fact tells whose they are. */
export function deviceAmong(mentions: readonly Mention[], facts: Facts): number | null {
  for (const { kind, id } of mentions) {
    if (kind === 'device') return id
    const owner = facts.value<number>(kind, id, 'device') ?? facts.value<number>(kind, id, 'namespace')
    if (owner !== null) return owner
  }
  return null
}
