/** Names of kernel addresses: the `/proc/kallsyms` that a trace.dat carries. */
const decoder = new TextDecoder('latin1')

/** Where return probes make functions return to, by the kernel's version. */
const TRAMPOLINES: ReadonlySet<string> = new Set(['arch_rethook_trampoline', '__kretprobe_trampoline', 'kretprobe_trampoline'])

export class Symbols {
  readonly #bytes: Uint8Array
  /** Addresses in order, and where in the text the line of each begins. */
  #addresses: BigUint64Array | null = null
  #lines: Uint32Array = new Uint32Array(0)

  constructor(kallsyms: Uint8Array) {
    this.#bytes = kallsyms
  }

  #index(): BigUint64Array {
    if (this.#addresses !== null) return this.#addresses
    const bytes = this.#bytes
    const found: { address: bigint; line: number }[] = []
    let sorted = true
    let last = -1n
    for (let line = 0; line < bytes.length;) {
      let at = line
      let high = 0
      let low = 0
      for (; at < bytes.length; at++) {
        const digit = hexDigit(bytes[at]!)
        if (digit < 0) break
        high = (high << 4) | (low >>> 28)
        low = (low << 4) | digit
      }
      if (at > line && at - line <= 16) {
        const address = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
        if (address < last) sorted = false
        last = address
        found.push({ address, line })
      }
      const end = bytes.indexOf(10, at)
      line = end < 0 ? bytes.length : end + 1
    }
    // Of names of one address the kernel takes the first.
    if (!sorted) found.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
    this.#lines = Uint32Array.from(found, ({ line }) => line)
    this.#addresses = BigUint64Array.from(found, ({ address }) => address)
    return this.#addresses
  }

  /** The symbol that an address lies in: its name, module, how far in, and how large it is (0 when not known). */
  find(address: bigint): { readonly name: string; readonly module: string | null; readonly offset: bigint; readonly size: bigint } | null {
    const addresses = this.#index()
    let from = 0
    let to = addresses.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (addresses[middle]! <= address) from = middle + 1
      else to = middle
    }
    const next = addresses[from]
    let at = from - 1
    const start = addresses[at]
    if (start === undefined || start === 0n) return null
    while (at > 0 && addresses[at - 1] === start) at--
    const line = this.#lines[at]!
    const end = this.#bytes.indexOf(10, line)
    const [, , name, module] = decoder.decode(this.#bytes.subarray(line, end < 0 ? undefined : end)).split(/[ \t]+/)
    if (name === undefined) return null
    return {
      name,
      module: module === undefined ? null : module.replaceAll(/[[\]]/g, ''),
      offset: address - start,
      size: next === undefined ? 0n : next - start,
    }
  }

  /** As the kernel prints an address (`%pS`); the address itself where it lies in no known symbol. */
  place(address: bigint): string {
    const found = this.find(address)
    if (found === null) return `0x${address.toString(16)}`
    const { name, module, offset, size } = found
    // What the call returned to is another return probe: where it really goes is not told.
    if (TRAMPOLINES.has(name)) return "[unknown/kretprobe'd]"
    return `${name}+0x${offset.toString(16)}/0x${size.toString(16)}${module === null ? '' : ` [${module}]`}`
  }

  /** Its name alone (`%ps`). */
  name(address: bigint): string {
    const found = this.find(address)
    return found === null ? `0x${address.toString(16)}` : found.name
  }
}

const hexDigit = (byte: number): number => (byte >= 48 && byte <= 57 ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : -1)
