import { label, type WorkerState } from './workers.ts'

/** What a wait was for: workers that were to announce a quiescent state, or references that were to be put. */
export type StallOf = 'grace-period' | 'references'

/** A wait was given up. The ref is as it was: killed, and still on its way; the wait can be taken up again. */
export class SharedRefStall extends Error {
  override readonly name = 'SharedRefStall'
  /** What was waited for. */
  readonly of: StallOf
  /** Who has not announced, or who holds references. */
  readonly workers: readonly WorkerState[]
  /** How many references are out, where that is known: after the grace period. */
  readonly references: number | null

  constructor(of: StallOf, { workers, references, cause }: { workers: readonly WorkerState[]; references: number | null; cause: unknown }) {
    super(of === 'grace-period' ? notAnnounced(workers) : notPut(workers, references), cause === undefined ? {} : { cause })
    this.of = of
    this.workers = workers
    this.references = references
  }
}

function notAnnounced(workers: readonly WorkerState[]): string {
  if (workers.length === 0)
    return 'the grace period is over, and who killed the ref has not taken note: it is busy, or gone (then forget it)'
  const who = workers.map(label).join(', ')
  return `no quiescent state since the kill from ${who}: online and busy, blocked, or gone (then forget it)`
}

function notPut(workers: readonly WorkerState[], references: number | null): string {
  if (references === null) return 'nobody has killed the ref: its references are not waited for until then'
  const who = workers.map((worker) => `${label(worker)} ${worker.held}`)
  return `${references} ${references === 1 ? 'reference is' : 'references are'} still out: ${who.join(', ') || 'nobody who is here took them'}`
}
