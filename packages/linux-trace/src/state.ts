import { hex, type AnyEvent, type Invariant, type Model, type Violation } from '@devtrail/events'
import { kernelCatalogue, type KernelEvent } from './events.ts'

/** What a kernel has said of itself so far. */
export interface KernelState {
  /** Reports of faults, by the event that made them. */
  reports: number[]
  consoleLines: number
}

export const initialKernel = (): KernelState => ({ reports: [], consoleLines: 0 })

/** Folds one event into the state, in place. */
export function evolveKernel(state: KernelState, event: AnyEvent): void {
  if (event.type === 'kernel/warned') state.reports.push(event.seq)
  else if (event.type === 'kernel/console') state.consoleLines++
}

type Warned = Extract<KernelEvent, { type: 'kernel/warned' }>

const WHAT: Readonly<Record<Warned['data']['kind'], string>> = {
  warning: 'warned',
  bug: 'reported a bug',
  oops: 'crashed',
  'hung-task': 'reported a hung task',
  panic: 'panicked',
}

function violation(e: Warned): Violation {
  const { kind, text, at, symbol, pid, comm, address, pfn } = e.data
  const who = pid === null ? '' : `, in ${comm ?? 'a task'} (pid ${pid})`
  const where = [symbol, at].filter((w) => w !== null).join(' at ')
  return {
    rule: 'kernel/warned',
    certainty: 'certain',
    seq: e.seq,
    time: e.time,
    device: null,
    summary: `the kernel itself ${WHAT[kind]}${where ? ` in ${where}` : ''}${who}: ${text.split('\n')[0]}${pfn === null ? '' : ` (struct page of pfn ${hex(pfn)})`}`,
    evidence: [...e.cause, e.seq],
    data: { kind, text, at, symbol, pid, comm, address, pfn: pfn === null ? null : hex(pfn) },
    ...(pfn === null ? {} : { about: [{ first: pfn, last: pfn }] }),
  }
}

/** The kernel's own WARN, BUG and oops. */
export const warned: Invariant<KernelState> = {
  id: 'kernel/warned',
  on: ['warned'],
  says: 'The kernel reports no WARN, BUG, oops or hung task.',
  because: "the kernel's own assertions are evidence of their own, and where they name a page they are tied to what else is known of it.",
  judge: (_, event) => (event.type === 'kernel/warned' ? [violation(event as unknown as Warned)] : []),
}

/** The kernel's own voice under the contract of a model. */
export const kernelModel: Model<KernelState> = {
  name: 'kernel',
  catalogue: kernelCatalogue,
  initial: initialKernel,
  evolve: evolveKernel,
  invariants: [warned],
  describe: () => ({}),
  views: { parts: [] },
}
