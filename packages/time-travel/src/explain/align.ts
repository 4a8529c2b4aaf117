/** Two sequences beside one another: what of them is the same, in order (the greedy algorithm of Myers). */

/** So many elements follow each other in both. */
export interface Run {
  readonly a: number
  readonly b: number
  readonly length: number
}

export interface Alignment {
  /** Ascending in both. */
  readonly runs: readonly Run[]
  /** False: they differ in more than was looked for; what follows the last run was not compared. */
  readonly isWhole: boolean
}

type Sequence = ArrayLike<number>

/** Insertions and deletions that are looked for, one after the other: the time grows with their square. */
export const DIFFERENCES_MAX = 4000

/** The furthest that each diagonal was reached with so many differences. */
type Reached = Int32Array

export function align(a: Sequence, b: Sequence, max = DIFFERENCES_MAX): Alignment {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const runs: Run[] = head > 0 ? [{ a: 0, b: 0, length: head }] : []
  const [n, m] = [a.length - head - tail, b.length - head - tail]
  const middle = n === 0 || m === 0 ? [] : shortest(a, b, head, n, m, max)
  runs.push(...(middle ?? []))
  if (tail > 0) runs.push({ a: a.length - tail, b: b.length - tail, length: tail })
  return { runs, isWhole: middle !== null }
}

/** The runs of a shortest way through the middle; null when it takes more than `max` differences. */
function shortest(a: Sequence, b: Sequence, head: number, n: number, m: number, max: number): Run[] | null {
  const trace: Reached[] = []
  let reached: Reached = new Int32Array(3)
  for (let d = 0; d <= Math.min(max, n + m); d++) {
    // Diagonals -d-1 … d+1, shifted by d + 1.
    const next = new Int32Array(2 * d + 3)
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reached[k - 1 + d]! < reached[k + 1 + d]!)
      let x = d === 0 ? 0 : down ? reached[k + 1 + d]! : reached[k - 1 + d]! + 1
      let y = x - k
      while (x < n && y < m && a[head + x] === b[head + y]) {
        x++
        y++
      }
      next[k + d + 1] = x
      if (x >= n && y >= m) {
        trace.push(next)
        return runsOf(trace, head, n, m)
      }
    }
    trace.push(next)
    reached = next
  }
  return null
}

/** Back along the way, from the end. */
function runsOf(trace: readonly Reached[], head: number, n: number, m: number): Run[] {
  const runs: Run[] = []
  let [x, y] = [n, m]
  for (let d = trace.length - 1; d >= 0; d--) {
    const k = x - y
    let start = 0
    if (d > 0) {
      const before = trace[d - 1]!
      const at = (diagonal: number): number => before[diagonal + d]!
      const down = k === -d || (k !== d && at(k - 1) < at(k + 1))
      const from = down ? k + 1 : k - 1
      start = down ? at(from) : at(from) + 1
      if (x > start) runs.push({ a: head + start, b: head + start - k, length: x - start })
      x = at(from)
      y = x - from
    } else if (x > 0) runs.push({ a: head, b: head, length: x })
  }
  return runs.toReversed()
}
