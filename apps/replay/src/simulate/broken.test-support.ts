import { simulate, type Scenario } from '@devtrail/simulation'
import { models } from '@devtrail/survey'
import { Judge, Machine } from '@devtrail/time-travel'

/** The rules that a run certainly breaks. */
export function broken(scenario: Scenario, rules: 'seed' | 'linux-6.1', seed: number | null = null): string[] {
  const machine = new Machine(models)
  const judge = new Judge(machine)
  const found = new Set<string>()
  simulate(scenario, {
    rules,
    seed,
    sink: (event) => {
      machine.step(event)
      for (const v of judge.at(event)) if (v.certainty === 'certain') found.add(v.rule)
    },
  })
  return [...found].toSorted()
}
