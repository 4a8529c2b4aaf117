import { declareEvents, f, type EventOf, type Payload } from '@devtrail/events'

const ref = f.pointer('the percpu_ref')
const n = f.count('how many references')
const cpu = f.opt(f.cpu('the CPU whose counter changed; null: the shared atomic counter'))
const kinds = ['user', 'initial', 'switch'] as const
const of = f.oneOf(kinds, "whose references: a user's, the initial one (dropped by kill), or the one a pending mode switch holds")

/** Conditions at which the kernel warns, or stops (`counters-freed`), or goes wrong without a word (`switched-after-exit`). */
export const warnings = [
  'killed-twice',
  'not-positive',
  'reinit-not-zero',
  'resurrect-not-dead',
  'resurrect-percpu',
  'not-reinitialisable',
  'exit-while-switching',
  'not-in-read-section',
  'counters-freed',
  'switched-after-exit',
] as const

/** The vocabulary of percpu_ref (lib/percpu-refcount.c, include/linux/percpu-refcount.h). */
export const percpuRefCatalogue = declareEvents('percpu-ref', {
  initialised: {
    version: 1,
    doc: 'A ref was set up.',
    kernel: 'percpu_ref_init',
    fields: {
      ref,
      device: f.opt(f.device('the device it belongs to; null: none or not known')),
      release: f.opt(f.string('symbol of the release callback')),
      cpus: f.count('how many CPUs have a counter'),
      atomic: f.bool('the ATOMIC bit'),
      dead: f.bool('the DEAD bit'),
      count: f.u64('the shared counter; with the bias in percpu mode'),
      forceAtomic: f.bool('whether it stays atomic across kill and reinit'),
      allowReinit: f.bool('whether it may be switched back or reinitialised'),
    },
  },
  'init-failed': {
    version: 1,
    doc: 'There was no memory to set up a ref (-ENOMEM); what had been allocated was freed.',
    kernel: 'percpu_ref_init',
    fields: { ref, what: f.oneOf(['counters', 'data'], 'what there was no memory for') },
  },
  got: { version: 1, doc: 'References were taken unconditionally.', kernel: 'percpu_ref_get_many', fields: { ref, n, cpu, of } },
  put: { version: 1, doc: 'References were dropped.', kernel: 'percpu_ref_put_many', fields: { ref, n, cpu, of } },
  tried: {
    version: 1,
    doc: 'References were asked for and granted or refused.',
    kernel: 'percpu_ref_tryget_many',
    fields: {
      ref,
      n,
      cpu,
      call: f.oneOf(['tryget', 'tryget-live'], 'whether a dead ref refuses'),
      ok: f.bool('whether they were granted'),
    },
  },
  killed: {
    version: 1,
    doc: 'The ref was marked dead; the mode switch and the drop of the initial reference follow.',
    kernel: 'percpu_ref_kill_and_confirm',
    fields: { ref, again: f.bool('whether it was dead already'), confirm: f.bool('whether a confirm callback was given') },
  },
  'switch-requested': {
    version: 1,
    doc: 'The lasting mode was asked for; it sets or clears force_atomic.',
    kernel: 'percpu_ref_switch_to_atomic / percpu_ref_switch_to_percpu',
    fields: { ref, to: f.oneOf(['atomic', 'percpu'], 'the mode asked for') },
  },
  'wait-started': {
    version: 1,
    doc: 'A mode change began to wait for the pending switch.',
    kernel: 'percpu_ref_switch_waitq',
    call: { edge: 'enter', name: 'percpu_ref_switch_wait', waitsFor: 'the pending mode switch of a percpu_ref' },
    fields: { ref },
  },
  'wait-ended': {
    version: 1,
    doc: 'No switch is pending any more.',
    kernel: 'percpu_ref_switch_waitq',
    call: { edge: 'return', name: 'percpu_ref_switch_wait' },
    fields: { ref },
  },
  'switch-started': {
    version: 1,
    doc: 'A callback was queued for after a grace period; the ref counts in its shared counter from here on.',
    kernel: '__percpu_ref_switch_to_atomic',
    fields: { ref, confirmOnly: f.bool('whether the ref was atomic already and only the confirmation is due (before 4.9)') },
  },
  'switched-to-atomic': {
    version: 1,
    doc: 'The per-CPU counts were added to the shared counter and the bias was taken out.',
    kernel: 'percpu_ref_switch_to_atomic_rcu',
    fields: { ref, sum: f.u64('what the per-CPU counters held together'), count: f.u64('the shared counter afterwards') },
  },
  confirmed: {
    version: 1,
    doc: 'The confirm callback is run next.',
    kernel: 'percpu_ref_call_confirm_rcu',
    fields: { ref, of: f.oneOf(['kill', 'switch'], 'what it confirms') },
  },
  'switch-ended': { version: 1, doc: 'No switch is pending; waiters are woken.', kernel: 'percpu_ref_call_confirm_rcu', fields: { ref } },
  'counters-freed': {
    version: 1,
    doc: 'The per-CPU counters were freed after the first switch, and the ref is dead: it does not allow reinit.',
    kernel: 'percpu_ref_call_confirm_rcu',
    fields: { ref },
  },
  'switched-to-percpu': {
    version: 1,
    doc: 'The bias was put in, the per-CPU counters were zeroed and are used again.',
    kernel: '__percpu_ref_switch_to_percpu',
    fields: { ref, count: f.u64('the shared counter afterwards') },
  },
  released: { version: 1, doc: 'The count reached zero and the release callback is run next.', fields: { ref } },
  reinitialised: {
    version: 1,
    doc: 'A dead ref was brought back after its count had reached zero.',
    kernel: 'percpu_ref_reinit',
    fields: { ref },
  },
  resurrected: { version: 1, doc: 'A dead ref was brought back, users or not.', kernel: 'percpu_ref_resurrect', fields: { ref } },
  exited: {
    version: 1,
    doc: 'The ref was torn down; it must not be used again.',
    kernel: 'percpu_ref_exit',
    fields: { ref, count: f.u64('the shared counter as it was left') },
  },
  warned: {
    version: 1,
    doc: 'A condition held at which the kernel warns.',
    fields: {
      ref,
      warning: f.oneOf(warnings, 'which one'),
      count: f.opt(f.u64('the shared counter, where the warning names it')),
      text: f.opt(f.text('the message, where there is one')),
    },
  },
  sampled: {
    version: 1,
    doc: 'The struct was read as it stood; what was read outranks what was counted.',
    fields: {
      ref,
      atomic: f.opt(f.bool('the ATOMIC bit')),
      dead: f.opt(f.bool('the DEAD bit')),
      count: f.opt(f.u64('the shared counter')),
    },
  },
})

/** Type and data of each event of percpu_ref. */
export type PercpuRefPayload = Payload<typeof percpuRefCatalogue>
/** An event of percpu_ref, in its envelope. */
export type PercpuRefEvent = EventOf<PercpuRefPayload>
/** Which condition `percpu-ref/warned` is about. */
export type PercpuRefWarning = (typeof warnings)[number]
/** Whose references a get or put is about. */
export type ReferenceKind = (typeof kinds)[number]
