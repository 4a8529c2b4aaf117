/** A probe's entry, understood: the function, which edge, canonical fields. */
export interface ProbeHit {
  readonly symbol: string
  readonly edge: 'enter' | 'return'
  /** On a return: the function returned to, where known. */
  readonly caller: string | null
  readonly fields: Fields
  /** The text in parentheses. */
  readonly where: string
}

/** Fields of a probe by canonical name. A value is null where it is missing, faulted or not of that form. */
export interface Fields {
  has(name: string): boolean
  /** As printed. */
  get(name: string): string | undefined
  /** A 64-bit word's halves, the lower first; a negative number wraps. @returns false, with nothing written, when there is none. */
  word(name: string, into: Uint32Array): boolean
  u64(name: string): bigint | null
  /** A signed number that fits a double exactly. */
  int(name: string): number | null
  /** Null also for NULL. */
  pointer(name: string): string | null
  string(name: string): string | null
}
