/** What differs between kernels in what their traces mean, told by `uname -a`. */

import { foll } from '@devtrail/memremap'

/** `Linux host 6.1.0-56-amd64 …` as 6001; null when it names none. */
export function kernelVersion(uname: string | undefined | null): number | null {
  const m = /(?:^|\s)(\d{1,3})\.(\d{1,3})[.\-+\s]/.exec(uname ?? '')
  return m === null ? null : Number(m[1]) * 1000 + Number(m[2])
}

/** MEMORY_DEVICE_COHERENT came in between: what is 2 and more before is one more since. */
const COHERENT_SINCE = 6000

/** A pagemap's type as a kernel numbers it, in the numbers of Linux 6.1. */
export function memoryTypeOf(raw: number | null, version: number | null): number | null {
  return raw !== null && raw >= 2 && version !== null && version < COHERENT_SINCE ? raw + 1 : raw
}

/** The FOLL_ flags were numbered anew here. */
const FOLL_RENUMBERED_SINCE = 6003
/** Flags as they are numbered since, and what each is in 6.1. */
const FOLL: readonly (readonly [since: number, in61: number])[] = [
  [1 << 0, foll.WRITE],
  [1 << 1, foll.GET],
  [1 << 2, foll.DUMP],
  [1 << 3, foll.FORCE],
  [1 << 4, foll.NOWAIT],
  [1 << 5, foll.NOFAULT],
  [1 << 6, foll.HWPOISON],
  [1 << 7, foll.ANON],
  [1 << 8, foll.LONGTERM],
  [1 << 9, foll.SPLIT_PMD],
  [1 << 10, foll.PCI_P2PDMA],
  [1 << 11, foll.INTERRUPTIBLE],
  [1 << 16, foll.TOUCH],
  [1 << 17, foll.TRIED],
  [1 << 18, foll.REMOTE],
  [1 << 19, foll.PIN],
  [1 << 20, foll.FAST_ONLY],
]
/** Flags that 6.1 has not: FOLL_HONOR_NUMA_FAULT, FOLL_UNLOCKABLE, and what may come. They are kept apart, without a name. */
const FOLL_UNKNOWN = 1 << 30

/** FOLL_ flags as a kernel numbers them, in the numbers of Linux 6.1. */
export function follFlagsOf(raw: number | null, version: number | null): number | null {
  if (raw === null || version === null || version < FOLL_RENUMBERED_SINCE) return raw
  let flags = 0
  let rest = raw
  for (const [since, in61] of FOLL) {
    if ((raw & since) !== 0) flags |= in61
    rest &= ~since
  }
  return rest === 0 ? flags : flags | FOLL_UNKNOWN
}
