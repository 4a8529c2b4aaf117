/** PERCPU_COUNT_BIAS: sits in the shared counter as long as the count is spread over the CPUs (64-bit kernels). */
export const BIAS = 1n << 63n

/** Flags of percpu_ref_init, or'ed. PERCPU_REF_INIT_ATOMIC: starts in atomic mode, and stays there across kill and reinit. */
export const INIT_ATOMIC = 1
/** PERCPU_REF_INIT_DEAD: starts dead and at zero, to be brought back by reinit. */
export const INIT_DEAD = 2
/** PERCPU_REF_ALLOW_REINIT, since Linux 5.3: the per-CPU counters are kept after a switch. Under the seed's rules it says nothing, since every ref can be reinitialised there. */
export const ALLOW_REINIT = 4

/** An unsigned 64-bit word: what the kernel's `unsigned long` and `atomic_long_t` hold, wrapping as they do. */
export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

/** The word read as a signed long, as the kernel's tests for "zero or less" read it. */
export const signed = (word: bigint): bigint => BigInt.asIntN(64, word)

/** Whether a counter word still holds the bias: counts of real references stay far below 2^62. */
export function carriesBias(word: bigint): boolean {
  const rest = signed(word - BIAS)
  return rest < 1n << 62n && rest > -(1n << 62n)
}
