/**
 * What instrumented code reports of itself while it runs: which branches it took and how often, how many it took in all, and
 * how many bytes of typed arrays it asked for. Counts, not clocks: the same input gives the same numbers on every machine.
 */
const BRANCHES_MAX = 1 << 14

/** How often each branch was taken by the input at hand; a count past 255 starts anew at 1. */
export const taken = new Uint8Array(BRANCHES_MAX)
let branches = 0
let steps = 0
let stepsMax = Infinity
let bytes = 0
let bytesMax = Infinity

/** What one input may cost. */
export interface Budget {
  /** Branches taken. */
  readonly steps: number
  /** Bytes of typed arrays and buffers, all allocations together. */
  readonly bytes: number
}

/** An input cost more than it may. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget'
}

let over: OverBudget | null = null

function exceeded(what: string): never {
  over ??= new OverBudget(what)
  throw over
}

/** Starts counting for one input. */
export function startMeter(budget: Budget): void {
  taken.fill(0, 0, branches)
  steps = 0
  bytes = 0
  over = null
  stepsMax = budget.steps
  bytesMax = budget.bytes
}

/** What the input has cost since {@link startMeter}. */
export function readMeter(): Budget {
  return { steps, bytes }
}

/** The budget that was exceeded, also when the code under test caught the error. */
export function overBudget(): OverBudget | null {
  return over
}

/** Branches there are in all instrumented code. */
export function branchCount(): number {
  return branches
}

/** Numbers for `n` more branches. */
export function reserveBranches(n: number): number {
  const first = branches
  branches += n
  if (branches > BRANCHES_MAX) throw new Error(`more than ${BRANCHES_MAX} branches`)
  return first
}

/** A branch was taken. */
export function branch(id: number): void {
  const n = taken[id]! + 1
  taken[id] = n > 255 ? 1 : n
  if (++steps > stepsMax) exceeded(`more than ${stepsMax} branches taken`)
}

/** `n` bytes are about to be allocated. */
export function allocate(n: number): void {
  bytes += n
  if (bytes > bytesMax) exceeded(`more than ${bytesMax} bytes of typed arrays`)
}
