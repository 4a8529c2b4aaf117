import type { Expression } from '../expression/syntax.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import { FlipWatch, type Flip, type Turn } from './flip-watch.ts'
import type { DeviceName } from './tracked.ts'
import { UnsureOrder, type UnsureStretch } from './unsure-order.ts'

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
  let watch!: FlipWatch
  let isEnough = false
  const tell = (turn: Turn): void => {
    isEnough ||= onFlip({ ...turn, isSure: true }) === true
  }
  const clocks = await history.clocks()
  const order =
    clocks.hosts.length === 0
      ? null
      : new UnsureOrder<Turn | null>(clocks, (flip, isSure) => {
          if (flip !== null && !isEnough) isEnough = onFlip({ ...flip, isSure }) === true
        })
  await history.replay({
    signal,
    begin: (machine) => {
      watch = new FlipWatch(expression, machine, device)
    },
    step: (block, place) => {
      const seq = block.seq(place)
      if (seq % PROGRESS_EVENTS === 1) onProgress?.(seq)
      const turned = watch.at(block, place)
      const hosts = order === null || seq === 0 || !watch.hasLooked ? null : watch.hosts(clocks.hosts)
      const isSpread = hosts !== null && hosts.size > 1
      for (const turn of turned) if (!isSpread || turn.seq === 0) tell(turn)
      if (!isSpread || isEnough) return isEnough
      const turn = turned.find((t) => t.seq === seq) ?? null
      const host = block.host?.[place] ?? 0
      if (turn !== null || hosts.has(host)) order!.see(seq, host, block.time[place]!, turn)
      return isEnough
    },
  })
  order?.end()
  for (const turn of watch.begin()) tell(turn)
  watch.mustHaveFound()
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
