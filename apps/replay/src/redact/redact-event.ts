import type { AnyEvent, Field } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import type { Renaming } from './renaming.ts'

function redactedString(field: Field, value: string, renaming: Renaming): string {
  switch (field.reveals) {
    case 'command':
      return renaming.command(value)
    case 'path':
      return renaming.path(value)
    case 'identity':
      return renaming.identity(value)
    case 'pointer':
      return renaming.pointer(value)
    case 'filesystem':
      return renaming.filesystem(value)
    case 'word':
      return renaming.word(value, field.usual ?? [])
    default:
      return renaming.words(value)
  }
}

function redactedValue(field: Field, value: unknown, renaming: Renaming): unknown {
  if (value === null || value === undefined) return value
  switch (field.kind) {
    case 'pid':
      return renaming.pid(value as number)
    case 'pointer':
      return renaming.pointer(value as string)
    case 'text':
      return renaming.text(value as string)
    case 'string':
      return redactedString(field, value as string, renaming)
    case 'u64':
      return field.reveals === 'pointer' ? renaming.address(value as bigint) : value
    default:
      return value
  }
}

/** An event with other names, otherwise the same: number, time, cause and all quantities stay. */
export function redactedEvent(event: AnyEvent, renaming: Renaming): AnyEvent {
  const { fields } = vocabulary.get(event.type)
  const data: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) data[name] = redactedValue(field, event.data[name], renaming)
  const { actor, source, where } = event
  return {
    ...event,
    actor: actor && { pid: renaming.pid(actor.pid), comm: renaming.command(actor.comm) },
    ...(source === undefined ? {} : { source: renaming.event(source) }),
    ...(where === undefined ? {} : { where: renaming.words(where) }),
    data,
  }
}
