/** How a run is taken on, turn by turn, whoever wrote what its tasks do. */
import { ScenarioError, type Scenario, type Simulation } from '@devtrail/simulation'
import type { Interrupt } from '../session/interrupt.ts'
import { Fence, NotBack } from './fence.ts'
import { isData } from './load-scenario.ts'

/** Milliseconds of turns between which others are let in. */
const SLICE_MS = 20

function someTurns(simulation: Simulation): boolean {
  const end = performance.now() + SLICE_MS
  while (performance.now() < end) if (!simulation.turn()) return false
  return true
}

/**
 * Gives what goes on by a turn or, where tasks are programs, by some; that is false when the run is over, and throws ScenarioError for a
 * program that does not come back.
 */
export function turnsOf(simulation: Simulation, scenarios: readonly Scenario[], interrupt: Interrupt, millis?: number): () => boolean {
  if (scenarios.every(isData)) return () => simulation.turn()
  const fence = new Fence(interrupt, millis)
  return () => {
    try {
      return fence.run(() => someTurns(simulation))
    } catch (error) {
      if (!(error instanceof NotBack)) throw error
      const says = `its program ${error.message}: a loop without an end? One that waits for others pauses with "yield null"`
      throw new ScenarioError(simulation.placeOfLast, says, { cause: error })
    }
  }
}
