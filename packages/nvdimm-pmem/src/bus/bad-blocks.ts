/** Which sectors of 512 bytes cannot be read (block/badblocks.c): runs that neither overlap nor touch, in order. */
const SECTOR = 512

interface Run {
  readonly first: number
  readonly count: number
}

export class BadBlocks {
  #runs: Run[] = []

  /** In order. */
  get runs(): readonly Run[] {
    return this.#runs
  }

  /** `badblocks_set`. */
  add(first: number, count: number): void {
    const end = first + count
    const apart = this.#runs.filter((r) => r.first > end || r.first + r.count < first)
    const met = this.#runs.filter((r) => r.first <= end && r.first + r.count >= first)
    const from = Math.min(first, ...met.map((r) => r.first))
    const to = Math.max(end, ...met.map((r) => r.first + r.count))
    this.#runs = [...apart, { first: from, count: to - from }].toSorted((a, b) => a.first - b.first)
  }

  /** Bytes, outward to whole sectors, as a range of a bus is told to its disks (`nvdimm_badblocks_populate`). */
  addBytes(at: number, length: number): void {
    const first = Math.floor(at / SECTOR)
    this.add(first, Math.ceil((at + length) / SECTOR) - first)
  }

  /** `badblocks_clear`: what is left of a run on either side stays. */
  clear(first: number, count: number): void {
    const end = first + count
    this.#runs = this.#runs.flatMap((r) => {
      if (r.first >= end || r.first + r.count <= first) return [r]
      const before = { first: r.first, count: first - r.first }
      const after = { first: end, count: r.first + r.count - end }
      return [before, after].filter(({ count: left }) => left > 0)
    })
  }

  /** `badblocks_check`: whether any of these sectors is bad. */
  has(first: number, count: number): boolean {
    return this.#runs.some((r) => r.first < first + count && r.first + r.count > first)
  }

  /** `is_bad_pmem`: whether any sector that holds one of these bytes is bad. */
  hasBytes(at: number, length: number): boolean {
    if (length <= 0) return false
    const first = Math.floor(at / SECTOR)
    return this.has(first, Math.ceil((at + length) / SECTOR) - first)
  }
}
