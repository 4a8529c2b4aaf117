/** FOLL_ flags of get_user_pages (include/linux/mm.h, Linux 6.1; renumbered in 6.5). */
export const foll = {
  WRITE: 0x1,
  TOUCH: 0x2,
  GET: 0x4,
  DUMP: 0x8,
  FORCE: 0x10,
  NOWAIT: 0x20,
  NOFAULT: 0x80,
  HWPOISON: 0x100,
  TRIED: 0x800,
  REMOTE: 0x2000,
  ANON: 0x8000,
  LONGTERM: 0x10000,
  SPLIT_PMD: 0x20000,
  PIN: 0x40000,
  FAST_ONLY: 0x80000,
  PCI_P2PDMA: 0x100000,
  INTERRUPTIBLE: 0x200000,
} as const

/** `FOLL_WRITE|FOLL_GET`; bits without a name stay hex; `0` for none. */
export function follNames(flags: number): string {
  const parts: string[] = []
  let rest = flags
  for (const [name, bit] of Object.entries(foll)) {
    if ((rest & bit) === 0) continue
    parts.push(`FOLL_${name}`)
    rest &= ~bit
  }
  if (rest !== 0) parts.push(`0x${(rest >>> 0).toString(16)}`)
  return parts.length === 0 ? '0' : parts.join('|')
}
