import type { Expression } from '../expression/syntax.ts'
import type { Truth } from '../expression/truth.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import { Tracked, type DeviceName } from './tracked.ts'

/** A place at which an expression turns. */
export interface Flip {
  /** The event after which it is so; 0 is the baseline, before which nothing is known. */
  readonly seq: number
  readonly from: Truth
  readonly to: Truth
}

export interface BisectOptions {
  /** What bare names are fields of. */
  readonly device?: DeviceName
  readonly signal?: Interruption | undefined
  readonly onProgress?: (seq: number) => void
}

/** How many events lie between two calls of `onProgress`. */
const PROGRESS_EVENTS = 65_536

/**
 * Steps through a whole log and tells, in order, each event after which an expression is otherwise than before; `onFlip`
 * returns true when that is enough. What changes to and fro is not missed, and events that cannot have changed it are
 * only folded.
 * @throws ExpressionError
 */
export async function flips(
  history: History,
  expression: Expression,
  onFlip: (flip: Flip) => boolean | void,
  { device = null, signal, onProgress }: BisectOptions = {},
): Promise<void> {
  let tracked!: Tracked
  let truth: Truth = null
  let isEnough = false
  let hasBegun = false
  const begin = (): void => {
    hasBegun = true
    isEnough = truth !== null && onFlip({ seq: 0, from: null, to: truth }) === true
  }
  await history.replay({
    signal,
    begin: (machine) => {
      tracked = new Tracked(expression, machine, device)
      truth = tracked.truth()
    },
    step: (block, place) => {
      const seq = block.seq(place)
      if (seq % PROGRESS_EVENTS === 1) onProgress?.(seq)
      // The baseline is one step: what is so within it is nothing that happened.
      if (seq > 0 && !hasBegun) begin()
      if (isEnough) return true
      if (!tracked.step(block, place)) return false
      const now = tracked.truth()
      if (now === truth) return false
      const flip = { seq, from: truth, to: now }
      truth = now
      return seq > 0 && onFlip(flip) === true
    },
  })
  if (!hasBegun) begin()
  tracked.mustHaveFound()
}

/** The first event after which an expression is true; null when it never is. @throws ExpressionError */
export async function bisect(history: History, expression: Expression, options: BisectOptions = {}): Promise<Flip | null> {
  let first: Flip | null = null
  const onFlip = (flip: Flip): boolean => {
    if (flip.to !== true) return false
    first = flip
    return true
  }
  await flips(history, expression, onFlip, options)
  return first
}
