import type { AnyEvent } from '@devtrail/events'

/** The kernel's function that holds each WARN of lib/percpu-refcount.c, by the name it has in `percpu-ref/warned`. */
const functions: Readonly<Record<string, string>> = {
  'killed-twice': 'percpu_ref_kill_and_confirm',
  'not-positive': 'percpu_ref_switch_to_atomic_rcu',
  'reinit-not-zero': 'percpu_ref_reinit',
  'resurrect-not-dead': 'percpu_ref_resurrect',
  'resurrect-percpu': 'percpu_ref_resurrect',
  'not-reinitialisable': '__percpu_ref_switch_to_percpu',
  'exit-while-switching': '__percpu_ref_exit',
  'not-in-read-section': 'percpu_ref_tryget_live_rcu',
}

/** The functions that warned, in order. */
export function warningFunctions(events: readonly AnyEvent[]): string[] {
  const places = events.filter(({ type }) => type === 'percpu-ref/warned').map(({ data }) => String(data['warning']))
  return places.map((place) => functions[place] ?? place)
}
