/** How the kernel prints a record's flags and counts, by its version: `d..1.`. */
const IRQS_OFF = 0x01
/** Not supported, up to 6.12; the lazy kind of rescheduling since. */
const NO_IRQS_OR_LAZY = 0x02
const NEED_RESCHED = 0x04
const HARDIRQ = 0x08
const SOFTIRQ = 0x10
const PREEMPT_RESCHED = 0x20
const NMI = 0x40
const BH_OFF = 0x80

export interface ContextStyle {
  /** From 5.18 on: what is off is told apart, and a column for disabled migration. */
  readonly hasMigration: boolean
  /** From 6.13 on. */
  readonly hasLazy: boolean
}

/** `uname`: `Linux host 6.1.0-56-amd64 …`; without one the newest is taken. */
export function contextStyle(uname: string | null): ContextStyle {
  const m = /(?:^|\s)(\d+)\.(\d+)[.\-\s]/.exec(uname ?? '')
  if (m === null) return { hasMigration: true, hasLazy: true }
  const version = Number(m[1]) * 1000 + Number(m[2])
  return { hasMigration: version >= 5018, hasLazy: version >= 6013 }
}

function resched(flags: number, hasLazy: boolean): string {
  const need = (flags & NEED_RESCHED) !== 0
  const preempt = (flags & PREEMPT_RESCHED) !== 0
  const lazy = hasLazy && (flags & NO_IRQS_OR_LAZY) !== 0
  if (need && preempt) return lazy ? 'B' : 'N'
  if (lazy) return preempt ? 'L' : need ? 'b' : 'l'
  return need ? 'n' : preempt ? 'p' : '.'
}

function interrupt(flags: number): string {
  const hard = (flags & HARDIRQ) !== 0
  if ((flags & NMI) !== 0) return hard ? 'Z' : 'z'
  if ((flags & SOFTIRQ) !== 0) return hard ? 'H' : 's'
  return hard ? 'h' : '.'
}

const digit = (n: number): string => (n === 0 ? '.' : n.toString(16))

export function contextText(flags: number, preempt: number, { hasMigration, hasLazy }: ContextStyle): string {
  const off = (flags & IRQS_OFF) !== 0
  const bottom = hasMigration && (flags & BH_OFF) !== 0
  const irqs = off && bottom ? 'D' : off ? 'd' : bottom ? 'b' : !hasLazy && (flags & NO_IRQS_OR_LAZY) !== 0 ? 'X' : '.'
  const count = hasMigration ? digit(preempt & 15) + digit(preempt >> 4) : digit(preempt)
  return irqs + resched(flags, hasLazy) + interrupt(flags) + count
}
