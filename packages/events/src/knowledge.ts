/**
 * The knowledge lattice. A trace cannot tell everything, so a value in a state is exact, bounded or unknown, and a
 * list is complete or not. Order: unknown ⊒ bounded ⊒ exact. `join` loses knowledge (what holds on either of two
 * paths), `meet` adds evidence. A state must never claim more than its evidence gives.
 *
 * A count is a plain number when exact, a {@link Bound} when bounded, null when nothing is known.
 */

/** At least `atLeast`, at most `atMost` (null: open). */
export interface Bound {
  readonly atLeast: number
  readonly atMost: number | null
}

export type Count = number | Bound | null

/** A value that is known or not; `null` is "not known". */
export type Known<T> = T | null

/**
 * A list whose members are sure (`known`) or were there before a gap and may be gone (`possible`). `complete` says
 * that nothing else can be in it.
 */
export interface KnownList<T> {
  known: T[]
  possible: T[]
  complete: boolean
}

export type Certainty = 'certain' | 'possible'

export function isExact(count: Count): count is number {
  return typeof count === 'number'
}

/** The smallest and largest value a count can have; unknown counts of things that cannot be negative start at 0. */
export function rangeOf(count: Count): { lo: number; hi: number } {
  if (count === null) return { lo: 0, hi: Infinity }
  if (typeof count === 'number') return { lo: count, hi: count }
  return { lo: count.atLeast, hi: count.atMost ?? Infinity }
}

/** The count with the given limits, in its simplest form. */
export function between(lo: number, hi: number): Count {
  if (lo > hi) throw new RangeError(`no count is at least ${lo} and at most ${hi}`)
  if (lo === hi) return lo
  return { atLeast: lo, atMost: hi === Infinity ? null : hi }
}

export const atLeast = (n: number): Bound => ({ atLeast: n, atMost: null })

/** What holds whichever of the two is true. */
export function join(a: Count, b: Count): Count {
  if (a === null || b === null) return null
  const x = rangeOf(a)
  const y = rangeOf(b)
  return between(Math.min(x.lo, y.lo), Math.max(x.hi, y.hi))
}

/**
 * Both pieces of evidence at once. Where they contradict, the newer one (`b`) outranks: what the kernel reports is
 * right and what was believed was wrong.
 */
export function meet(a: Count, b: Count): Count {
  if (a === null) return b
  if (b === null) return a
  const x = rangeOf(a)
  const y = rangeOf(b)
  const lo = Math.max(x.lo, y.lo)
  const hi = Math.min(x.hi, y.hi)
  return lo > hi ? b : between(lo, hi)
}

/** Adds a known difference; never goes below `floor`. */
export function plus(count: Count, n: number, floor = -Infinity): Count {
  if (count === null) return null
  if (typeof count === 'number') return Math.max(floor, count + n)
  const lo = Math.max(floor, count.atLeast + n)
  const hi = count.atMost === null ? null : Math.max(floor, count.atMost + n)
  return lo === hi ? lo : { atLeast: lo, atMost: hi }
}

/** Whether `claim` says nothing that `truth` rules out: it is the same, or knows less. */
export function admits(claim: Count, truth: Count): boolean {
  if (claim === null) return true
  if (truth === null) return false
  const c = rangeOf(claim)
  const t = rangeOf(truth)
  return c.lo <= t.lo && c.hi >= t.hi
}

export function emptyList<T>(complete: boolean): KnownList<T> {
  return { known: [], possible: [], complete }
}

/** The rule of a gap for a list: every member may be gone, others may have come. */
export function forgetList<T>(list: KnownList<T>): void {
  list.possible = [...list.known, ...list.possible]
  list.known = []
  list.complete = false
}

/** Removes the first member that fits, from the sure ones or from the possible ones. */
export function takeFrom<T>(list: KnownList<T>, fits: (member: T) => boolean): T | undefined {
  for (const part of [list.known, list.possible]) {
    for (let i = part.length - 1; i >= 0; i--) {
      if (fits(part[i]!)) return part.splice(i, 1)[0]
    }
  }
  return undefined
}
