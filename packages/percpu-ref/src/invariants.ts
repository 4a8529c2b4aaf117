import { hex, type AnyEvent, type Invariant, type Json, type Violation } from '@devtrail/events'
import { BIAS, carriesBias } from './flags.ts'
import type { BrokenRule, PercpuRefState, RefState } from './state.ts'

interface Finding {
  readonly summary: string
  readonly against?: readonly number[]
  readonly data?: { readonly [key: string]: Json }
}

interface Rule {
  readonly id: string
  readonly says: string
  readonly because: string
  /** What is broken after the event, or null. */
  readonly find: (ref: RefState, event: AnyEvent) => Finding | null
}

const nameOf = (ref: RefState): string => (ref.release === null ? `ref ${ref.id}` : `ref ${ref.id} (${ref.release})`)

function rule({ id, says, because, find }: Rule): Invariant<PercpuRefState> {
  const judge = (state: PercpuRefState, event: AnyEvent): Violation[] => {
    if (!event.type.startsWith('percpu-ref/')) return []
    const ref = state.refs.get(event.data['ref'] as string)
    const finding = ref && find(ref, event)
    if (ref === undefined || !finding) return []
    const { summary, against = [], data = {} } = finding
    return [
      {
        rule: id,
        certainty: ref.sure ? 'certain' : 'possible',
        seq: event.seq,
        time: event.time,
        device: ref.device,
        summary: `${nameOf(ref)} ${summary}`,
        evidence: [...new Set([...against, event.seq])].toSorted((a, b) => a - b),
        data: { ref: ref.id, ...data },
      },
    ]
  }
  return { id, says, because, judge }
}

const broken =
  (which: BrokenRule, summary: (expected: bigint | null, found: bigint | null) => string): Rule['find'] =>
  (ref) => {
    if (ref.broken.length === 0) return null
    const b = ref.broken.find((b) => b.rule === which)
    if (b === undefined) return null
    const data = b.expected === null ? {} : { expected: Number(b.expected), found: Number(b.found) }
    return { summary: summary(b.expected, b.found), against: b.against, data }
  }

/** P1 */
export const biasMissing = rule({
  id: 'percpu-ref/bias-missing',
  says: 'In percpu mode the shared counter carries the bias.',
  because: 'without it the shared counter could reach zero while references are spread over the CPUs, and release would run too early.',
  find: (ref) =>
    ref.atomic === false && (ref.biased === false || (ref.count !== null && !carriesBias(ref.count)))
      ? {
          summary: `is in percpu mode without the bias: its counter is ${ref.count === null ? 'not known' : hex(ref.count)}`,
          data: { bias: hex(BIAS) },
        }
      : null,
})

/** P2, and the second half of P1 */
export const switchInPercpuMode = rule({
  id: 'percpu-ref/switch-in-percpu-mode',
  says: 'While a switch is pending the ref is in atomic mode.',
  because: 'a get on a CPU counter after its sum was taken would be lost; ATOMIC is set before the callback is queued.',
  find: (ref) => (ref.switching === true && ref.atomic === false ? { summary: 'is in percpu mode while a switch is pending' } : null),
})

/** P3 */
export const countDiffers = rule({
  id: 'percpu-ref/count-differs',
  says: 'The counters hold the initial reference plus the gets minus the puts.',
  because: 'a difference is a lost or invented reference: a leak, or a use after free to come.',
  find: broken('count', (expected, found) => `should hold ${expected} references and holds ${found}`),
})

/** P4 */
export const releaseWithoutZero = rule({
  id: 'percpu-ref/release-without-zero',
  says: 'Release runs once for every put that lands on exactly zero outside percpu mode, and never else.',
  because: 'percpu_ref_put_many calls release only when atomic_long_sub_and_test says zero; in percpu mode it does not look.',
  find: broken('release', () => 'was released though no put had landed on zero'),
})

/** P4, the other way round */
export const releaseMissing = rule({
  id: 'percpu-ref/release-missing',
  says: 'A put that lands on zero is followed by release before the ref is brought back or torn down.',
  because: 'whoever waits for the release (a queue being frozen, a pagemap being unmapped) would wait for ever.',
  find: broken('release-missing', () => 'landed on zero and was never released'),
})

/** P5 */
export const releaseBeforeConfirm = rule({
  id: 'percpu-ref/release-before-confirm',
  says: "A kill's confirm callback runs before release.",
  because: 'the switch reference is held until the confirmation is done (lib/percpu-refcount.c, percpu_ref_call_confirm_rcu).',
  find: broken('release-before-confirm', () => 'was released before its kill was confirmed'),
})

/** P6 */
export const liveGetWhileDead = rule({
  id: 'percpu-ref/live-get-while-dead',
  says: 'tryget_live gives no reference to a dead ref.',
  because: 'after confirm_kill nobody may get in any more; the driver tears down what the ref protects.',
  find: (ref, event) =>
    event.type === 'percpu-ref/tried' && event.data['call'] === 'tryget-live' && event.data['ok'] === true && ref.dead === true
      ? { summary: 'was dead when tryget_live granted a reference' }
      : null,
})

/** P7 */
export const deadInPercpuMode = rule({
  id: 'percpu-ref/dead-in-percpu-mode',
  says: 'A dead ref is in atomic mode.',
  because: 'in percpu mode zero is never noticed, so a dead ref would never be released; only kill itself passes through.',
  find: (ref, event) =>
    ref.atomic === false && ref.dead === true && event.type !== 'percpu-ref/killed' ? { summary: 'is dead and in percpu mode' } : null,
})

/** P9 */
export const switchChangedCount = rule({
  id: 'percpu-ref/switch-changed-count',
  says: 'A mode switch does not change how many references are out.',
  because: 'percpu_ref_switch_to_atomic_rcu adds the sum and takes out the bias in one step for this reason.',
  find: broken('switch-count', (expected, found) => `held ${expected} references before the switch and ${found} after it`),
})

const USES = new Set(
  ['got', 'put', 'tried', 'killed', 'switch-requested', 'switch-started', 'reinitialised', 'resurrected'].map((u) => `percpu-ref/${u}`),
)

/** percpu_ref_tryget_live of a dead ref looks at the flags only. */
const refused = ({ type, data }: AnyEvent): boolean => type === 'percpu-ref/tried' && data['call'] === 'tryget-live' && data['ok'] === false

/** P10 */
export const usedAfterExit = rule({
  id: 'percpu-ref/used-after-exit',
  says: 'After exit a ref is atomic, and nobody uses it but to be refused by a dead one.',
  because: 'its counters are freed: a get or put touches memory of somebody else.',
  find: (ref, event) =>
    ref.exited === true && ((USES.has(event.type) && !refused(event)) || ref.atomic === false)
      ? { summary: `was used after it had been torn down (${event.type})` }
      : null,
})

/** P11 */
export const countersKept = rule({
  id: 'percpu-ref/counters-kept',
  says: 'A ref that does not allow reinit is dead, and its counters are freed, once a switch has completed.',
  because: 'since Linux 5.3 the counters go with the first switch (percpu_ref_call_confirm_rcu).',
  find: (ref, event) => {
    const switched = ref.allowReinit === false && ref.atomic === true && ref.biased === false && ref.switching === false
    if (!switched || event.type === 'percpu-ref/switch-ended' || (ref.freed === true && ref.dead === true)) return null
    return { summary: 'was switched, does not allow reinit, and is not dead with its counters freed' }
  },
})

/** All rules, in the order of the specification (P1 to P11; P8 is a property of the live object). */
export const percpuRefInvariants: readonly Invariant<PercpuRefState>[] = [
  biasMissing,
  switchInPercpuMode,
  countDiffers,
  releaseWithoutZero,
  releaseMissing,
  releaseBeforeConfirm,
  liveGetWhileDead,
  deadInPercpuMode,
  switchChangedCount,
  usedAfterExit,
  countersKept,
]
