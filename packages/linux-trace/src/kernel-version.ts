/** What differs between kernels in what their traces mean, told by `uname -a`. */

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
