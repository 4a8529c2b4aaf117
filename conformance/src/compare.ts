import { isDeepStrictEqual } from 'node:util'
import type { Answer, Operation } from './sequence.ts'

/** Not answers: what was asked, and free text of the kernel's log, which nothing has to reproduce. */
const notAnswers = new Set(['op', 'args', 'msg'])

/** What a recorded operation says was answered. */
export function answerOf(operation: Operation): Answer {
  return Object.fromEntries(Object.entries(operation).filter(([name]) => !notAnswers.has(name)))
}

/** The parts of two answers that are not the same; undefined when all are. */
export function difference(expected: Answer, got: Answer): { readonly expected: Answer; readonly got: Answer } | undefined {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(got)])].filter(
    (name) => !isDeepStrictEqual(expected[name], got[name]),
  )
  if (names.length === 0) return undefined
  const only = (answer: Answer) => Object.fromEntries(names.map((name) => [name, answer[name] ?? null]))
  return { expected: only(expected), got: only(got) }
}
