/** PERCPU_COUNT_BIAS: sits in the shared counter as long as the count is spread over the CPUs (64-bit kernels). */
export const BIAS = 1n << 63n

/** Flags of percpu_ref_init, or'ed. PERCPU_REF_INIT_ATOMIC: starts in atomic mode, and stays there across kill and reinit. */
export const INIT_ATOMIC = 1
/** PERCPU_REF_INIT_DEAD: starts dead and at zero, to be brought back by reinit. */
export const INIT_DEAD = 2
/** PERCPU_REF_ALLOW_REINIT, since Linux 5.3: the per-CPU counters are kept after a switch. Under the seed's rules it says nothing, since every ref can be reinitialised there. */
export const ALLOW_REINIT = 4

const FLAGS = INIT_ATOMIC | INIT_DEAD | ALLOW_REINIT
/** As many as a kernel can be built for (CONFIG_NR_CPUS of x86-64). */
const CPUS_MAX = 8192

/** @throws RangeError for a machine that has no CPUs, and for flags that percpu_ref_init does not know. */
export function checkInit(cpus: number, flags: number): void {
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > CPUS_MAX)
    throw new RangeError(`cpus is a whole number from 1 to ${CPUS_MAX}, found ${cpus}`)
  if (!Number.isInteger(flags) || flags < 0 || flags > FLAGS)
    throw new RangeError(`flags are INIT_ATOMIC, INIT_DEAD and ALLOW_REINIT or'ed, from 0 to ${FLAGS}; found ${flags}`)
}

/** @throws TypeError for what is no name. A pointer is what a kernel's would be; a name of one's own will do. */
export function mustBeNamed(id: unknown): void {
  if (typeof id === 'string' && id !== '') return
  throw new TypeError(`an id is a text, such as "0xff3fdf9104201e50" or "queue"; found ${id === '' ? 'an empty one' : typeof id}`)
}

/** An unsigned 64-bit word: what the kernel's `unsigned long` and `atomic_long_t` hold, wrapping as they do. */
export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

/** The word read as a signed long, as the kernel's tests for "zero or less" read it. */
export const signed = (word: bigint): bigint => BigInt.asIntN(64, word)

/** Whether a counter word still holds the bias: counts of real references stay far below 2^62. */
export function carriesBias(word: bigint): boolean {
  const rest = signed(word - BIAS)
  return rest < 1n << 62n && rest > -(1n << 62n)
}
