/** Says what happens to one BTT. Nothing of it is made when nobody is to be told. */
import type { DeviceId, Emitter, Payload, Said } from '@devtrail/events'
import type { nvdimmPmemCatalogue } from '../events.ts'
import type { Arena } from './arena.ts'

type BttPayload = Payload<typeof nvdimmPmemCatalogue>
type DataOfType<T extends string> = Extract<BttPayload, { type: T }>['data']

export interface BttAudience {
  readonly emitter: Emitter
  /** How events name it; default `btt`. */
  readonly name?: string
  readonly device?: DeviceId
  /** Name of the medium, if stores to it are told to the same emitter. */
  readonly medium?: string
  /** One event for each sector written (the default), or one for each of its steps and for reads, too. */
  readonly detail?: 'sectors' | 'steps'
}

export type FailureReason = DataOfType<'nvdimm-pmem/btt-io-failed'>['why']

export class Teller {
  readonly #emitter: Emitter
  readonly #btt: string
  readonly #device: DeviceId | null
  /** Whether every step is to be told to whoever listens. */
  readonly isStepwise: boolean
  readonly #medium: string | null
  readonly #said: Said | undefined

  constructor({ emitter, name = 'btt', device, medium, detail = 'sectors' }: BttAudience) {
    this.#medium = medium ?? null
    this.#emitter = emitter
    this.#btt = name
    this.#device = device ?? null
    this.#said = device === undefined ? undefined : { device }
    this.isStepwise = detail === 'steps'
  }

  /** Whether somebody listens. */
  get on(): boolean {
    return this.#emitter.on
  }

  /** Whether somebody listens to every step. */
  get stepwise(): boolean {
    return this.isStepwise && this.#emitter.on
  }

  started(making: boolean): void {
    this.#say('nvdimm-pmem/btt-discovery-started', { device: this.#device, btt: this.#btt, medium: this.#medium, making })
  }

  ended(errno: number, arenas: number, sectors: number, recovered: number): void {
    this.#say('nvdimm-pmem/btt-discovery-ended', { device: this.#device, btt: this.#btt, errno, arenas, sectors, recovered })
  }

  arena(how: 'created' | 'found', { index, at, info, slots }: Pick<Arena, 'index' | 'at' | 'info' | 'slots'>): void {
    const { externalLbasize, internalLbasize, externalNlba, internalNlba, nfree, dataoff, mapoff, logoff, flags } = info
    const counts = { externalLbasize, internalLbasize, externalNlba, internalNlba, nfree }
    const geometry = { at, ...counts, dataoff, mapoff, logoff, flags, secondSlot: slots[1] }
    this.#say(`nvdimm-pmem/btt-arena-${how}`, { ...this.#of(index), ...geometry })
  }

  lane(arena: Arena, lane: number): void {
    this.#say('nvdimm-pmem/btt-lane-found', {
      ...this.#of(arena.index),
      lane,
      block: arena.free[lane]!,
      slot: arena.slots[arena.sub[lane]!]!,
      seq: arena.seq[lane]!,
    })
  }

  recovered(arena: number, lane: number, lba: number, old: number, block: number): void {
    this.#say('nvdimm-pmem/btt-recovered', { ...this.#of(arena), lane, lba, old, block })
  }

  laneTaken(arena: number, lane: number, lba: number, op: 'read' | 'write'): void {
    this.#say('nvdimm-pmem/btt-lane-taken', { ...this.#of(arena), lane, lba, op })
  }

  readTracked(arena: number, lane: number, block: number): void {
    this.#say('nvdimm-pmem/btt-read-tracked', { ...this.#of(arena), lane, block })
  }

  sectorRead(arena: number, lane: number, lba: number, block: number | null): void {
    this.#say('nvdimm-pmem/btt-sector-read', { ...this.#of(arena), lane, lba, block })
  }

  readerAwaited(arena: number, lane: number, block: number): void {
    this.#say('nvdimm-pmem/btt-reader-awaited', { ...this.#of(arena), lane, block })
  }

  blockCleared(arena: number, lane: number, block: number): void {
    this.#say('nvdimm-pmem/btt-block-cleared', { ...this.#of(arena), lane, block })
  }

  dataWritten(arena: number, lane: number, block: number): void {
    this.#say('nvdimm-pmem/btt-data-written', { ...this.#of(arena), lane, block })
  }

  logBegun(arena: number, lane: number, slot: number, lba: number, old: number): void {
    this.#say('nvdimm-pmem/btt-log-begun', { ...this.#of(arena), lane, slot, lba, old })
  }

  logCommitted(arena: number, lane: number, slot: number, block: number, seq: number): void {
    this.#say('nvdimm-pmem/btt-log-committed', { ...this.#of(arena), lane, slot, block, seq })
  }

  mapWritten(arena: number, lba: number, block: number, state: 'normal' | 'error'): void {
    this.#say('nvdimm-pmem/btt-map-written', { ...this.#of(arena), lba, block, state })
  }

  // Said for every sector: one object, made in one place.
  sectorWritten(arena: number, lane: number, lba: number, block: number, old: number, slot: number, seq: number): void {
    this.#say('nvdimm-pmem/btt-sector-written', { device: this.#device, btt: this.#btt, arena, lane, lba, block, old, slot, seq })
  }

  failed(sector: number, op: 'read' | 'write', errno: number, why: FailureReason): void {
    // A log takes whole numbers only.
    if (!Number.isInteger(sector)) return
    this.#say('nvdimm-pmem/btt-io-failed', { device: this.#device, btt: this.#btt, sector, op, errno, why })
  }

  #of(arena: number): { device: DeviceId | null; btt: string; arena: number } {
    return { device: this.#device, btt: this.#btt, arena }
  }

  #say<T extends BttPayload['type']>(type: T, data: DataOfType<T>): void {
    this.#emitter.emit<BttPayload>(type, data, this.#said)
  }
}
