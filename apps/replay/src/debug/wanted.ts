import type { AnyEvent } from '@devtrail/events'
import type { EventFilter } from '@devtrail/time-travel'
import { exit, Failure } from '../session/failure.ts'
import { didYouMean } from '../session/suggest.ts'
import { vocabulary } from '@devtrail/survey'
import type { Answers } from './answers.ts'

const all = (): boolean => true

/** Whether a word alone is an event type, or begins some: no device's key begins like one. */
const isType = (text: string): boolean => text.includes('/') && vocabulary.types().some((type) => type.startsWith(text))

/** Which events a user means. */
export interface Wanted {
  readonly types: (type: string) => boolean
  readonly fits: (event: AnyEvent) => boolean
}

/**
 * The events that `type T`, `where EXPR`, `device D`, or a device or a type alone mean; of the chosen device when nothing is said; null when
 * none is chosen: any.
 * @throws Failure, ExpressionError, NoSuchDeviceError
 */
export function wantedBy(text: string, answers: Answers, filterOf: (text: string) => EventFilter): Wanted | null {
  const { names, device } = answers.place
  const words = text.split(/\s+/)
  const [what, ...more] = isType(text) ? ['type', text] : words
  const value = more.join(' ')
  if (what === 'type') {
    if (!vocabulary.types().some((t) => t.startsWith(value))) {
      throw new Failure(exit.usage, `there is no event type "${value}"${didYouMean(value, vocabulary.types())}`)
    }
    return { types: (type) => type.startsWith(value), fits: all }
  }
  if (what === 'where') {
    const filter = filterOf(value)
    return { types: (type) => filter.mayFit(type), fits: (event) => filter.truth(event) === true }
  }
  const wanted = what === 'device' ? value : text || device
  if (wanted === null) return null
  const ids = new Set(answers.devices(wanted).map((d) => d.id))
  return { types: all, fits: (event) => ids.has(names.of(event) ?? -1) }
}
