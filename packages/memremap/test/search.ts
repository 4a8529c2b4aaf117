/** Looks for runs in which something goes wrong, without being told what, and makes each as short as it gets. */
import fc from 'fast-check'
import { putHow } from '../src/events.ts'
import type { MemremapRules } from '../src/rules.ts'
import { play, type Program, type Run } from './interleavings.ts'

const program = fc.record<Program>({
  does: fc.constantFrom('use', 'use', 'unbind', 'map', 'wait', 'direct-io', 'direct-io', 'splice', 'truncate', 'touch'),
  slot: fc.constantFrom(0, 1),
  page: fc.nat(1),
  pin: fc.boolean(),
  how: fc.nat(putHow.length - 1),
})

/** Programs and choices. */
export const runs = fc.record<Run>({
  programs: fc.array(program, { minLength: 1, maxLength: 5, size: 'max' }),
  choices: fc.array(fc.nat(9), { maxLength: 40, size: 'max' }),
})

/** What went wrong in a run: rules that were certainly broken, tasks that hang, a crash. */
export function wrong(run: Run, rules: MemremapRules): string[] {
  const { m, hung, crashed } = play(run, rules)
  const broken = m.violations.filter((v) => v.certainty === 'certain').map((v) => v.rule)
  return [...new Set([...broken, ...hung.map((what) => `hung: ${what}`), ...(crashed ? ['crashed'] : [])])]
}

const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, i) => i !== at)

/** So many other orders are tried when a program is left out: what a choice means depends on who is there. */
const ORDERS = 200

/** Orders in no order, the same each time. */
function* orders(length: number): Generator<number[]> {
  let n = 1
  for (let order = 0; order < ORDERS; order++)
    yield Array.from({ length }, () => {
      n = (n * 48_271) % 2_147_483_647
      return n % 10
    })
}

/** Leaves out programs, in the same order or in any other, as long as it stays wrong. */
function fewestPrograms(run: Run, isWrong: (run: Run) => boolean): Run {
  for (let at = 0; at < run.programs.length; at++) {
    const programs = without(run.programs, at)
    const fewer = [run.choices, ...orders(Math.max(run.choices.length, 20))].map((choices) => ({ programs, choices })).find(isWrong)
    if (fewer !== undefined) return fewestPrograms(fewer, isWrong)
  }
  return run
}

/** Leaves out programs and choices, and makes choices smaller, as long as it stays wrong. */
function shortest(found: Run, isWrong: (run: Run) => boolean): Run {
  let run = fewestPrograms(found, isWrong)
  for (;;) {
    const { programs, choices } = run
    const candidates: Run[] = [
      ...choices.map((_, at) => ({ programs, choices: without(choices, at) })),
      ...choices.flatMap((choice, at) =>
        choice === 0
          ? []
          : [
              { programs, choices: choices.with(at, 0) },
              { programs, choices: choices.with(at, choice - 1) },
            ],
      ),
    ]
    const better = candidates.find(isWrong)
    if (better === undefined) return run
    run = better
  }
}

/** All that is found wrong within so many runs, each with a run that cannot be made shorter; reproducible by its seed. */
export function findWrong(rules: MemremapRules, { numRuns, seed }: { numRuns: number; seed: number }): Map<string, Run> {
  const found = new Map<string, Run>()
  const look = (run: Run): boolean => {
    for (const what of wrong(run, rules))
      if (!found.has(what))
        found.set(
          what,
          shortest(run, (shorter) => wrong(shorter, rules).includes(what)),
        )
    return true
  }
  fc.assert(fc.property(runs, look), { numRuns, seed })
  return found
}
