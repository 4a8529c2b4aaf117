/**
 * What may lie on a medium after a power failure.
 *
 * A failure may come after any operation, and leaves all that is durable and any part of what is not. Only failures right after a store
 * are looked at: a flush or a fence makes nothing possible that was not before.
 *
 * Of stores of one word every subset is looked at. Of a longer store with n lines not all 2^n: none, all, each line alone, all but each
 * one, and some chosen at random, torn within lines. That is enough for the data of a sector, since nothing that BTT or its recovery does
 * depends on what data say: whether a reader is led to the block follows from the words alone, and if it is, each line that is missing
 * or too much shows in one of these. It is enough for an info block, as what is not whole fails its checksum; and for map and log being
 * zeroed, which nobody looks at before there is an info block.
 *
 * Words of one line may become durable in any order here. That is more than stores to write-back memory can do, and what non-temporal
 * ones, with which the kernel copies, may.
 */
import type { Medium } from '../media/medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import { Pending, type PendingStore, type Piece } from './pending.ts'
import { WORD_BYTES, type PersistOp } from './persist-op.ts'

/** Words that are not durable at a time; beyond, there would be too many subsets. */
export const WORDS_MAX = 12
/** Of a store with more lines than this, so many are looked at alone. */
export const LINES_MAX = 64

export interface CrashOptions {
  /** Random subsets of each longer store; default 8. */
  readonly random?: number
  readonly seed?: number
}

export interface CrashState {
  /** How many operations were done. */
  readonly after: number
  /** Pieces that reached the medium although nothing made them, and those that did not. */
  readonly kept: readonly Piece[]
  readonly lost: number
  /** What is left: an overlay of its own. */
  readonly medium: OverlayMedium
}

/** A generator of random numbers below n, the same for the same seed (mulberry32). */
export function seeded(seed: number): (n: number) => number {
  let a = seed >>> 0
  return (n) => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

/** Every state looked at, for failures after each of the operations, from `base` on; `base` itself is not written. */
export function* crashStates(base: Medium, ops: readonly PersistOp[], { random = 8, seed = 1 }: CrashOptions = {}): Generator<CrashState> {
  const pending = new Pending(new OverlayMedium(base))
  const next = seeded(seed)
  for (const [i, op] of ops.entries()) {
    pending.take(op)
    if (op.kind === 'store' || i === ops.length - 1) yield* statesOf(pending, i + 1, random, next)
  }
}

function* statesOf({ medium, stores }: Pending, after: number, random: number, next: (n: number) => number): Generator<CrashState> {
  const all = stores.reduce((sum, { pieces }) => sum + pieces.length, 0)
  const words = stores.filter(({ isWord }) => isWord).length
  if (words > WORDS_MAX)
    throw new RangeError(`${words} words are not durable at a time, more than ${WORDS_MAX}: their subsets are too many`)
  for (const kept of product(stores.map((store) => [...choicesOf(store, random, next)]))) {
    const crashed = new OverlayMedium(medium)
    const pieces = kept.flat().toSorted((a, b) => a.order - b.order)
    for (const { at, bytes } of pieces) crashed.store(at, bytes)
    yield { after, kept: pieces, lost: all - pieces.length, medium: crashed }
  }
}

/** Which pieces of a store may be there. */
function* choicesOf({ isWord, pieces }: PendingStore, random: number, next: (n: number) => number): Generator<readonly Piece[]> {
  yield []
  yield pieces
  if (isWord || pieces.length === 1) return
  for (const piece of sampled(pieces, next)) {
    yield [piece]
    yield pieces.filter((p) => p !== piece)
  }
  for (let i = 0; i < random; i++) yield pieces.flatMap((piece) => wordsOf(piece).filter(() => next(2) === 0))
}

function sampled(pieces: readonly Piece[], next: (n: number) => number): readonly Piece[] {
  if (pieces.length <= LINES_MAX) return pieces
  return Array.from({ length: LINES_MAX }, () => pieces[next(pieces.length)]!)
}

function wordsOf({ at, bytes, flushedBy, order }: Piece): Piece[] {
  const words: Piece[] = []
  for (let done = 0; done < bytes.length;) {
    const end = Math.min(bytes.length, done + WORD_BYTES - ((at + done) % WORD_BYTES))
    words.push({ at: at + done, bytes: bytes.subarray(done, end), flushedBy, order })
    done = end
  }
  return words
}

function* product<T>(choices: readonly (readonly T[])[]): Generator<T[]> {
  const [first, ...rest] = choices
  if (first === undefined) {
    yield []
    return
  }
  for (const choice of first) for (const others of product(rest)) yield [choice, ...others]
}
