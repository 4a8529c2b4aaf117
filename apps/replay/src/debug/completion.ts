import { listsOf, parsePath, valueAt } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { commandOf, commands } from './commands.ts'
import type { Place } from './place.ts'

const EXPRESSIONS = new Set(['until', 'since', 'break', 'watch', 'print', 'blame'])
const parts = models.flatMap((m) => m.views?.parts ?? [])

/** The names of fields of what a path leads to here, each as the path goes on. */
function fieldsAt(place: Place, path: string): string[] {
  const { machine } = place.cursor
  const dot = path.lastIndexOf('.')
  if (dot < 0) return parts
  const device = machine.devices().findLast((d) => d.name === place.device || place.names.device(d.id) === place.device)
  try {
    const { steps } = parsePath(path.slice(0, dot))
    const { value } = valueAt(machine, device?.id ?? null, steps, listsOf(models))
    return typeof value === 'object' && value !== null ? Object.keys(value).map((name) => `${path.slice(0, dot)}.${name}`) : []
  } catch {
    return []
  }
}

function candidates(place: Place, before: readonly string[], word: string): readonly string[] {
  if (before.length === 0) return commands.map(({ name, takes }) => (takes === undefined ? name : `${name} `))
  const name = commandOf(before[0]!)?.name ?? ''
  const devices = (): string[] => [...new Set(place.survey.devices.filter((d) => !d.bookkeeping).map((d) => place.names.device(d.id)))]
  if (name === 'device' || name === 'state' || before[1] === 'device') return devices()
  if (before[1] === 'type') return vocabulary.types()
  if (name === 'next' || name === 'previous') return ['device', 'type', 'where']
  if (name === 'goto' || name === 'diff' || name === 'fence') return [...place.marks.keys(), 'start', 'end']
  if (name === 'help') return commands.map((c) => c.name)
  return EXPRESSIONS.has(name) ? fieldsAt(place, word) : []
}

/** What the last word of a line may go on to be, as readline wants it. */
export function complete(place: Place, line: string): [string[], string] {
  const words = line.split(/[\s(!]+/)
  const word = words.at(-1)!
  return [
    candidates(
      place,
      words.slice(0, -1).filter((w) => w !== ''),
      word,
    ).filter((c) => c.startsWith(word)),
    word,
  ]
}
