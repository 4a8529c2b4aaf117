import type { Vocabulary } from '@devtrail/events'

/** Another copy of the package can have made it, so it is known by what it can do. @throws TypeError that says what is expected */
export function mustBeVocabulary(given: Vocabulary): void {
  const { get, types } = (given ?? {}) as Partial<Vocabulary>
  if (typeof get === 'function' && typeof types === 'function') return
  const found = given === undefined ? 'nothing' : given === null ? 'null' : `something else (${typeof given})`
  throw new TypeError(`a log needs the vocabulary of its events, found ${found}; hand in new Vocabulary([…catalogues]) of @devtrail/events`)
}
