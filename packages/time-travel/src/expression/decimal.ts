/** A decimal number with up to nine digits behind the point, exact: a time in seconds. */
export class Decimal {
  /** In billionths. */
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }

  /** Null for what is not such a number, or has more than 64 bits before the point. */
  static parse(text: string): Decimal | null {
    const m = /^(-?)(\d{1,20})\.(\d{1,9})$/.exec(text)
    if (m === null) return null
    const nanos = BigInt(m[2]!) * 1_000_000_000n + BigInt(m[3]!.padEnd(9, '0'))
    return new Decimal(m[1] === '-' ? -nanos : nanos)
  }
}

/** A whole number in billionths. */
export const nanosOf = (value: number | bigint): bigint => BigInt(value) * 1_000_000_000n
