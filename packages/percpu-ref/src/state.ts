import { isGapOf } from '@devtrail/events'
import type { AnyEvent, DeviceId, Known } from '@devtrail/events'
import type { PercpuRefEvent } from './events.ts'
import { BIAS, carriesBias, u64 } from './flags.ts'

/** What struct percpu_ref itself holds; null where not known. */
export interface RefWords {
  /** The ATOMIC bit of percpu_count_ptr. */
  atomic: Known<boolean>
  /** The DEAD bit. */
  dead: Known<boolean>
  /** The shared counter, mod 2^64. */
  count: Known<bigint>
  /** The per-CPU counters, each mod 2^64; leftovers without meaning once a switch to atomic has completed. */
  perCpu: Known<bigint[]>
  /** Whether the bias is in the shared counter: in percpu mode and until a switch's callback has run. */
  biased: Known<boolean>
  forceAtomic: Known<boolean>
  /** Whether the counters are kept after a switch, so that it may go back to percpu mode. */
  allowReinit: Known<boolean>
  /** confirm_switch is set: a callback is queued. */
  switching: Known<boolean>
  /** The per-CPU counters are freed. */
  freed: Known<boolean>
  /** percpu_ref_exit was called. */
  exited: Known<boolean>
}

export type BrokenRule = 'count' | 'switch-count' | 'release' | 'release-missing' | 'release-before-confirm'

/** What the event just folded broke; for the invariants. */
export interface Broken {
  rule: BrokenRule
  /** Events that prove it, besides the one just folded. */
  against: number[]
  expected: bigint | null
  found: bigint | null
}

/** A ref and what the rules have to remember of it. */
export interface RefState extends RefWords {
  id: string
  device: DeviceId | null
  release: string | null
  cpus: number | null
  /** The event that set it up; null when not seen. */
  initialisedAt: number | null
  /** False when its start was not seen, or a gap came since: then no broken rule is certain. */
  sure: boolean
  /** The references out as counted from gets and puts, of all kinds; null when not known. */
  references: Known<bigint>
  /** The kill whose confirm callback has not run yet. */
  unconfirmed: number | null
  /** Puts that landed on zero and whose release has not been seen. */
  owed: Known<number[]>
  broken: Broken[]
}

/** All refs, by identity. */
export interface PercpuRefState {
  refs: Map<string, RefState>
}

/** Nothing known yet. */
export const initialPercpuRef = (): PercpuRefState => ({ refs: new Map() })

const unknown = (): RefWords => ({
  atomic: null,
  dead: null,
  count: null,
  perCpu: null,
  biased: null,
  forceAtomic: null,
  allowReinit: null,
  switching: null,
  freed: null,
  exited: null,
})

/** The words alone, to compare with a live ref's. */
export function wordsOf(ref: RefState): RefWords {
  const { atomic, dead, count, perCpu, biased, forceAtomic, allowReinit, switching, freed, exited } = ref
  return { atomic, dead, count, perCpu, biased, forceAtomic, allowReinit, switching, freed, exited }
}

/** The references that the words hold, the switch's own included; null when the words do not tell. */
export function referencesOf(ref: RefWords): Known<bigint> {
  if (ref.count === null || ref.biased === null) return null
  if (!ref.biased) return BigInt.asIntN(64, ref.count)
  if (ref.perCpu === null) return null
  return BigInt.asIntN(
    64,
    ref.perCpu.reduce((sum, c) => sum + c, ref.count - BIAS),
  )
}

/** The rule of a gap: every operation may have happened in it. */
function forget(ref: RefState): void {
  Object.assign(ref, unknown(), { sure: false, references: null, unconfirmed: null, owed: null, broken: [] })
}

function add(ref: RefState, n: bigint, cpu: number | null): void {
  if (ref.references !== null) ref.references += n
  ref.atomic ??= cpu === null
  if (cpu === null) {
    if (ref.count !== null) ref.count = u64(ref.count + n)
    return
  }
  ref.dead ??= false
  ref.biased ??= true
  ref.switching ??= false
  if (ref.perCpu?.[cpu] !== undefined) ref.perCpu[cpu] = u64(ref.perCpu[cpu] + n)
}

/** Compares what the event reports with what was counted; the report stays. */
function reconcile(ref: RefState, rule: 'count' | 'switch-count', against: number[]): void {
  const found = referencesOf(ref)
  if (found === null) return
  if (ref.references !== null && BigInt.asIntN(64, ref.references) !== found)
    ref.broken.push({ rule, against, expected: ref.references, found })
  ref.references = found
}

function initialise(state: PercpuRefState, event: Extract<PercpuRefEvent, { type: 'percpu-ref/initialised' }>): void {
  const { ref: id, device, release, cpus, atomic, dead, count, forceAtomic, allowReinit } = event.data
  const ref: RefState = {
    id,
    device,
    release,
    cpus,
    atomic,
    dead,
    count,
    forceAtomic,
    allowReinit,
    initialisedAt: event.seq,
    perCpu: Array.from({ length: cpus }, () => 0n),
    biased: !atomic,
    switching: false,
    freed: false,
    exited: false,
    sure: true,
    references: null,
    unconfirmed: null,
    owed: [],
    broken: [],
  }
  ref.references = referencesOf(ref)
  state.refs.set(id, ref)
}

function found(id: string): RefState {
  return {
    ...unknown(),
    id,
    device: null,
    release: null,
    cpus: null,
    initialisedAt: null,
    sure: false,
    references: null,
    unconfirmed: null,
    owed: null,
    broken: [],
  }
}

function released(ref: RefState): void {
  const nothing = { expected: null, found: null }
  if (ref.owed?.length === 0 || ref.biased === true) ref.broken.push({ rule: 'release', against: [], ...nothing })
  ref.owed?.shift()
  if (ref.unconfirmed !== null) ref.broken.push({ rule: 'release-before-confirm', against: [ref.unconfirmed], ...nothing })
}

/** A release that was due before this and was not seen. */
function missed(ref: RefState): void {
  if (ref.owed?.length) ref.broken.push({ rule: 'release-missing', against: [...ref.owed], expected: null, found: null })
}

/** Folds one event into the state, in place. */
export function evolvePercpuRef(state: PercpuRefState, any: AnyEvent): void {
  if (any.type === 'log/gap' && !isGapOf(any, 'percpu-ref')) return
  if (any.type === 'log/gap') {
    for (const ref of state.refs.values()) forget(ref)
    return
  }
  if (!any.type.startsWith('percpu-ref/')) return
  const event = any as unknown as PercpuRefEvent
  if (event.type === 'percpu-ref/initialised') return initialise(state, event)
  // Whatever had this identity before is gone: its memory was to be used again.
  if (event.type === 'percpu-ref/init-failed') return void state.refs.delete(event.data.ref)
  let ref = state.refs.get(event.data.ref)
  if (ref === undefined) state.refs.set(event.data.ref, (ref = found(event.data.ref)))
  ref.broken = []
  switch (event.type) {
    case 'percpu-ref/got':
      return add(ref, BigInt(event.data.n), event.data.cpu)
    case 'percpu-ref/tried':
      if (event.data.ok) add(ref, BigInt(event.data.n), event.data.cpu)
      return
    case 'percpu-ref/put':
      add(ref, -BigInt(event.data.n), event.data.cpu)
      if (event.data.cpu !== null) return
      if (ref.count === null) ref.owed = null
      else if (ref.count === 0n) ref.owed?.push(event.seq)
      return
    case 'percpu-ref/killed':
      ref.dead = true
      if (event.data.confirm && !event.data.again) ref.unconfirmed = event.seq
      return
    case 'percpu-ref/switch-requested':
      ref.forceAtomic = event.data.to === 'atomic'
      return
    case 'percpu-ref/switch-started':
      ref.atomic = true
      ref.switching = true
      ref.biased ??= !event.data.confirmOnly
      return
    case 'percpu-ref/switched-to-atomic':
      ref.biased = false
      ref.count = event.data.count
      return reconcile(ref, 'switch-count', [])
    case 'percpu-ref/confirmed':
      if (event.data.of === 'kill') ref.unconfirmed = null
      return
    case 'percpu-ref/switch-ended':
      ref.switching = false
      return
    case 'percpu-ref/counters-freed':
      Object.assign(ref, { atomic: true, dead: true, freed: true })
      return
    case 'percpu-ref/switched-to-percpu':
      Object.assign(ref, {
        atomic: false,
        biased: true,
        count: event.data.count,
        perCpu: ref.cpus === null ? null : Array(ref.cpus).fill(0n),
      })
      return reconcile(ref, 'switch-count', [])
    case 'percpu-ref/released':
      return released(ref)
    case 'percpu-ref/reinitialised':
    case 'percpu-ref/resurrected':
      ref.dead = false
      return missed(ref)
    case 'percpu-ref/exited':
      ref.count = event.data.count
      reconcile(ref, 'count', [])
      // Counters that are there are freed, which leaves the ref dead; where they went earlier its flags stay.
      if (ref.freed !== true) ref.dead = ref.freed === false ? true : ref.dead || null
      Object.assign(ref, { atomic: true, freed: true, exited: true })
      return missed(ref)
    case 'percpu-ref/sampled':
      return sample(ref, event.data)
    case 'percpu-ref/warned':
    case 'percpu-ref/wait-started':
    case 'percpu-ref/wait-ended':
      return
  }
}

function sample(ref: RefState, read: { atomic: boolean | null; dead: boolean | null; count: bigint | null }): void {
  ref.atomic = read.atomic ?? ref.atomic
  ref.dead = read.dead ?? ref.dead
  if (read.count === null) return
  if (ref.count !== read.count) {
    // What else was counted may be as wrong as this was.
    Object.assign(ref, { perCpu: null, owed: null })
  }
  ref.count = read.count
  ref.biased = carriesBias(read.count)
  ref.references = referencesOf(ref)
}
