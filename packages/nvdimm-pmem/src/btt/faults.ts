/** What is wrong with a BTT, as it is told. */

/** Of each kind of fault so many are told one by one. */
export const TOLD_MAX = 16

export interface Fault {
  readonly arena: number
  readonly kind: 'info' | 'info2' | 'error-flag' | 'slots' | 'log' | 'map' | 'blocks'
  /** Byte of the medium. */
  readonly at: number
  readonly says: string
}

export class Faults {
  readonly told: Fault[] = []
  more = 0

  add(fault: Fault): void {
    if (this.told.filter((f) => f.kind === fault.kind && f.arena === fault.arena).length < TOLD_MAX) this.told.push(fault)
    else this.more++
  }
}
