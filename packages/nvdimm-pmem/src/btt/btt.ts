/**
 * A block device of atomic sectors on a medium that keeps only aligned words whole: after a power failure each sector has its
 * old or its new data, never some of both. The layout is that of Linux (drivers/nvdimm/btt.c), which takes it back.
 */
import { errno } from '@devtrail/events'
import type { Medium } from '../media/medium.ts'
import type { Arena } from './arena.ts'
import { BttError } from './btt-error.ts'
import { discoverArenas, type Found } from './discover.ts'
import { newSlots } from './flog.ts'
import { formatArenas, plannedArenas, type BttFormat } from './format.ts'
import { dataBytesOf, NFREE } from './geometry.ts'
import { Lanes } from './lanes.ts'
import { locateBtt } from './locate.ts'
import { progress } from './progress.ts'
import { bttRules, type BttRules, type Rules } from './rules.ts'
import { SectorRead } from './sector-read.ts'
import { SectorWrite } from './sector-write.ts'
import { StraightWrite } from './straight-write.ts'
import { Teller, type BttAudience } from './teller.ts'

export interface BttOptions {
  /** Byte of the medium at which the first arena begins; default: where one is found, at 0 (2.0) or 4096 (1.1). */
  readonly start?: number
  /** The namespace's uuid; left out, any is taken. */
  readonly parentUuid?: string
  /** Default `sound`: as Linux 6.1, without its traps. */
  readonly rules?: Rules
  /** Lanes: operations at a time, from 1 to 256; default 256. */
  readonly lanes?: number
  /** Who is told. */
  readonly events?: BttAudience
}

export class Btt {
  /** Bytes of a sector: 512 or 4096. */
  readonly sectorSize: number
  /** Bytes of metadata that a sector may have beside. */
  readonly metadataSize: number
  readonly sectorCount: number
  /** Map entries that were rewritten when it was opened: writes that a power failure had cut off after their commitment. */
  readonly recovered: number
  readonly arenas: readonly Arena[]
  readonly #lanes: Lanes
  readonly #rules: BttRules
  /** Of the arenas that can be written so: the first one, which most have alone, and the others. Set once: see there. */
  declare private readonly straight: StraightWrite | null
  readonly #straightLater: readonly StraightWrite[]
  readonly #write: SectorWrite
  readonly #read: SectorRead

  private constructor({ arenas, recovered }: Found, rules: BttRules, lanes: number, teller: Teller | null) {
    const [first] = arenas
    if (first === undefined) throw new Error('a BTT has an arena')
    const { externalLbasize } = first.info
    this.arenas = arenas
    this.recovered = recovered
    this.sectorSize = dataBytesOf(externalLbasize)
    this.metadataSize = externalLbasize - this.sectorSize
    this.sectorCount = arenas.reduce((sum, { info }) => sum + info.externalNlba, 0)
    this.#rules = rules
    this.#lanes = new Lanes(arenas, lanes, this.sectorSize, rules, teller)
    const [straight = null, ...later] = arenas.flatMap((arena) => StraightWrite.of(arena, this.#lanes) ?? [])
    this.straight = straight
    this.#straightLater = later
    this.#write = new SectorWrite(this.#lanes)
    this.#read = new SectorRead(this.#lanes)
  }

  /**
   * Opens the BTT on a medium, and completes what a power failure cut off.
   * @throws BttError when there is none that can be used, with the kernel's errno.
   */
  static open(medium: Medium, { start, parentUuid, rules = 'sound', lanes = NFREE, events }: BttOptions = {}): Btt {
    const teller = events === undefined ? null : new Teller(events)
    teller?.started(false)
    try {
      const found = discoverArenas(medium, start ?? locateBtt(medium), parentUuid ?? null, bttRules[rules], teller)
      const btt = new Btt(found, bttRules[rules], lanesOf(found.arenas, lanes, rules), teller)
      teller?.ended(0, btt.arenas.length, btt.sectorCount, btt.recovered)
      return btt
    } catch (error) {
      if (error instanceof BttError) teller?.ended(error.errno, 0, 0, 0)
      throw error
    }
  }

  /**
   * Makes a BTT on a medium, over whatever is there, and opens it.
   * @throws BttError -ENXIO when the medium is too small, -EINVAL for a sector size that is not offered.
   */
  static create(medium: Medium, format: BttFormat, options: Omit<BttOptions, 'start'> = {}): Btt {
    const planned = plannedArenas(medium.size, format)
    const teller = options.events === undefined ? null : new Teller(options.events)
    teller?.started(true)
    formatArenas(medium, format)
    if (teller?.on === true)
      for (const [index, { at, info }] of planned.entries()) teller.arena('created', { index, at, info, slots: newSlots })
    return Btt.open(medium, { ...options, start: planned[0]!.at })
  }

  /**
   * Writes sectors, each atomically: 0, or -EIO when there are no such sectors (1.5 is none) or the medium fails, with those before written.
   * `cpu` chooses the lane. @throws RangeError unless `data` is whole sectors; Error when it would wait for ever for a read
   * that was started and not ended.
   */
  write(sector: number, data: Uint8Array, cpu = 0): number {
    const { sectorSize } = this
    if (data.length === sectorSize) {
      const straight = this.straight
      // One that is no whole number goes the other way, and is refused there.
      if (straight !== null && Number.isInteger(sector) && straight.write(sector, data, cpu)) return 0
      return this.#writeOne(sector, data, cpu)
    }
    this.#assertWhole(data)
    for (let at = 0, n = sector; at < data.length; at += sectorSize, n++) {
      const error = this.#writeOne(n, data.subarray(at, at + sectorSize), cpu)
      if (error !== 0) return error
    }
    return 0
  }

  #writeOne(sector: number, data: Uint8Array, cpu: number): number {
    if (Number.isInteger(sector)) {
      if (this.straight?.write(sector, data, cpu) === true) return 0
      for (const straight of this.#straightLater) if (straight.write(sector, data, cpu)) return 0
    }
    const write = this.#write.begin(sector, data, null, cpu)
    if (write.run() === progress.waiting) throw stuck('write', sector)
    return write.errno
  }

  /** Reads sectors: 0, or -EIO when there are none, when one was marked bad, or when the medium fails; what came before is read. */
  read(sector: number, into: Uint8Array, cpu = 0): number {
    this.#assertWhole(into)
    const { sectorSize } = this
    const read = this.#read
    for (let at = 0, n = sector; at < into.length; at += sectorSize, n++) {
      read.begin(n, into.length === sectorSize ? into : into.subarray(at, at + sectorSize), null, cpu)
      if (read.run() === progress.waiting) throw stuck('read', n)
      if (read.errno !== 0) return read.errno
      if (read.isZero && this.#rules.endsAtZeroSector) return 0
    }
    return 0
  }

  /** The write of one sector to be taken step by step, beside others on other lanes; with its metadata, if it has any. */
  startWrite(
    sector: number,
    data: Uint8Array,
    { cpu = 0, metadata = null }: { cpu?: number; metadata?: Uint8Array | null } = {},
  ): SectorWrite {
    this.#assertOne(data, metadata)
    return new SectorWrite(this.#lanes).begin(sector, data, metadata, cpu)
  }

  /** The read of one sector to be taken step by step. */
  startRead(
    sector: number,
    into: Uint8Array,
    { cpu = 0, metadata = null }: { cpu?: number; metadata?: Uint8Array | null } = {},
  ): SectorRead {
    this.#assertOne(into, metadata)
    return new SectorRead(this.#lanes).begin(sector, into, metadata, cpu)
  }

  #assertWhole(data: Uint8Array): void {
    if (data.length % this.sectorSize === 0) return
    throw new RangeError(`${data.length} bytes are no whole number of sectors of ${this.sectorSize}`)
  }

  #assertOne(data: Uint8Array, metadata: Uint8Array | null): void {
    if (data.length !== this.sectorSize) throw new RangeError(`a sector has ${this.sectorSize} bytes, not ${data.length}`)
    if (metadata !== null && metadata.length !== this.metadataSize)
      throw new RangeError(`a sector has ${this.metadataSize} bytes of metadata, not ${metadata.length}`)
  }
}

function stuck(what: string, sector: number): Error {
  return new Error(`a ${what} of sector ${sector} would wait for ever: an operation that was started on its lane or block has not ended`)
}

/** Linux 6.1 refuses arenas with fewer lanes than the machine's; else there are as many as each arena has. */
function lanesOf(arenas: readonly Arena[], wanted: number, rules: Rules): number {
  if (!(wanted >= 1 && wanted <= NFREE)) throw new RangeError(`there are from 1 to ${NFREE} lanes, not ${wanted}`)
  const least = Math.min(...arenas.map(({ info }) => info.nfree))
  if (least < wanted && rules === 'linux-6.1')
    throw new BttError(errno.ENODEV, arenas[0]!.at, `an arena has ${least} lanes, fewer than ${wanted}`)
  return Math.min(least, wanted)
}
