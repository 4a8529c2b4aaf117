import type { Coverage } from '../coverage.ts'
import type { Row } from '../entries/row.ts'
import { isKnownFunction, missingFields } from '../known-probes.ts'
import type { ProbeHit } from '../probe-hit.ts'
import { handlerOf, tellsNothing, type Handler } from './handlers.ts'
import { straightPlan, type StraightPlan } from './straight-plan.ts'

/** What is to be done with hits of one shape. */
export interface HitPlan {
  /** Null when nothing of it can be followed. */
  readonly handler: Handler | null
  /** Of a function without a handler: whether it is known here; null when fields are missing. */
  readonly known: boolean | null
  readonly tellsNothing: boolean
  /** Where its hits can be told in numbers. */
  readonly straight: StraightPlan | null
}

/** What is to be done with the hits of an import. */
export class HitPlans {
  readonly #coverage: Coverage
  /** By shape. */
  readonly byShape: HitPlan[] = []
  /** Whether probes were told by addresses only, which no symbol and no definition names. */
  hasAddresses = false

  constructor(coverage: Coverage) {
    this.#coverage = coverage
  }

  /** Of a hit in the columns. */
  ofRow(row: Row): HitPlan {
    return (this.byShape[row.shapeId] ??= { ...this.of(row), straight: straightPlan(row.shape) })
  }

  of(hit: ProbeHit): HitPlan {
    const handler = handlerOf(hit)
    if (handler === undefined) {
      if (/^(?:0x)?[0-9a-f]{8,16}$/.test(hit.symbol)) this.hasAddresses = true
      return { handler: null, known: isKnownFunction(hit.symbol), tellsNothing: false, straight: null }
    }
    if (missingFields(hit).length > 0) return { handler: null, known: null, tellsNothing: false, straight: null }
    this.#coverage.see(hit)
    return { handler, known: null, tellsNothing: tellsNothing(hit), straight: null }
  }
}
