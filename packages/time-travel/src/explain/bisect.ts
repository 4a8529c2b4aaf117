import type { Expression } from '../expression/syntax.ts'
import type { Truth } from '../expression/truth.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import { Tracked, type DeviceName } from './tracked.ts'
import { UnsureOrder, type UnsureStretch } from './unsure-order.ts'

/** A place at which an expression turns. */
export interface Flip {
  /** The event after which it is so; 0 is the baseline, before which nothing is known. */
  readonly seq: number
  readonly from: Truth
  readonly to: Truth
  /** False: clocks do not tell its place among events of other hosts that matter as well; in another order it may not be. */
  readonly isSure: boolean
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
 * only folded. Of an expression about several hosts it is told in which stretch clocks do not tell the order of what matters.
 * @throws ExpressionError
 */
export async function flips(
  history: History,
  expression: Expression,
  onFlip: (flip: Flip) => boolean | void,
  { device = null, signal, onProgress }: BisectOptions = {},
): Promise<UnsureStretch | null> {
  let tracked!: Tracked
  let truth: Truth = null
  let isEnough = false
  let hasBegun = false
  const begin = (): void => {
    hasBegun = true
    isEnough = truth !== null && onFlip({ seq: 0, from: null, to: truth, isSure: true }) === true
  }
  const clocks = await history.clocks()
  const order =
    clocks.hosts.length === 0
      ? null
      : new UnsureOrder<Omit<Flip, 'isSure'> | null>(clocks, (flip, isSure) => {
          if (flip !== null && !isEnough) isEnough = onFlip({ ...flip, isSure }) === true
        })
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
      const flip = now === truth ? null : { seq, from: truth, to: now }
      truth = now
      if (seq === 0) return false
      const hosts = order === null ? null : tracked.hosts(clocks.hosts)
      if (hosts !== null && hosts.size > 1) {
        const host = block.host?.[place] ?? 0
        if (flip !== null || hosts.has(host)) order!.see(seq, host, block.time[place]!, flip)
        return isEnough
      }
      return flip !== null && onFlip({ ...flip, isSure: true }) === true
    },
  })
  order?.end()
  if (!hasBegun) begin()
  tracked.mustHaveFound()
  return order?.stretch ?? null
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
