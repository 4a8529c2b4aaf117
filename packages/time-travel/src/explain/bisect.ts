import type { Expression } from '../expression/syntax.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import { FlipWatch, type Flip } from './flip-watch.ts'
import type { DeviceName } from './tracked.ts'

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
  let watch!: FlipWatch
  const isEnough = (turned: readonly Flip[]): boolean => turned.some((flip) => onFlip(flip) === true)
  await history.replay({
    signal,
    begin: (machine) => {
      watch = new FlipWatch(expression, machine, device)
    },
    step: (block, place) => {
      const seq = block.seq(place)
      if (seq % PROGRESS_EVENTS === 1) onProgress?.(seq)
      const turned = watch.at(block, place)
      return turned.length > 0 && isEnough(turned)
    },
  })
  isEnough(watch.begin())
  watch.mustHaveFound()
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
