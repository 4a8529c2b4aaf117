import type { Emitter, Payload } from '@devtrail/events'
import type { nvdimmPmemCatalogue } from '../events.ts'
import type { Medium } from '../media/medium.ts'
import type { PersistOp } from './persist-op.ts'

type MediumPayload = Payload<typeof nvdimmPmemCatalogue>

export interface MediumAudience {
  readonly emitter: Emitter
  /** How events name the medium; default `medium`. */
  readonly name?: string
}

/** A medium that hands on what is done to it, and keeps or tells it: what is stored, flushed and fenced, by which CPU. */
export class RecordedMedium implements Medium {
  readonly size: number
  readonly ops: PersistOp[] = []
  /** Who does what comes next. */
  cpu = 0
  readonly #base: Medium
  readonly #audience: MediumAudience | null
  readonly #isKept: boolean

  /** `keeps` false: what is done is told, but not kept in `ops`. */
  constructor(base: Medium, { events, keeps = true }: { events?: MediumAudience; keeps?: boolean } = {}) {
    this.#base = base
    this.size = base.size
    this.#audience = events ?? null
    this.#isKept = keeps
  }

  load(at: number, into: Uint8Array): void {
    this.#base.load(at, into)
  }

  load32(at: number): number {
    return this.#base.load32(at)
  }

  isBad(at: number, length: number): boolean {
    return this.#base.isBad?.(at, length) ?? false
  }

  store(at: number, from: Uint8Array): void {
    this.#base.store(at, from)
    this.#stored(at, from.length, null, () => from.slice())
  }

  store32(at: number, word: number): void {
    this.#base.store32(at, word)
    this.#stored(at, 4, BigInt(word), () => new Uint8Array(Uint32Array.of(word).buffer))
  }

  store64(at: number, low: number, high: number): void {
    this.#base.store64(at, low, high)
    this.#stored(at, 8, (BigInt(high) << 32n) | BigInt(low), () => new Uint8Array(Uint32Array.of(low, high).buffer))
  }

  zero(at: number, length: number): void {
    this.#base.zero(at, length)
    this.#stored(at, length, null, () => new Uint8Array(length))
  }

  flush(at: number, length: number): void {
    this.#base.flush(at, length)
    if (this.#isKept) this.ops.push({ kind: 'flush', cpu: this.cpu, at, length })
    this.#say('nvdimm-pmem/flushed', { at, length })
  }

  fence(): void {
    this.#base.fence()
    if (this.#isKept) this.ops.push({ kind: 'fence', cpu: this.cpu })
    this.#say('nvdimm-pmem/fenced', {})
  }

  #stored(at: number, length: number, word: bigint | null, bytes: () => Uint8Array): void {
    if (this.#isKept) this.ops.push({ kind: 'store', cpu: this.cpu, at, bytes: bytes() })
    this.#say('nvdimm-pmem/stored', { at, length, word })
  }

  #say(type: MediumPayload['type'], data: object): void {
    const audience = this.#audience
    if (audience === null || !audience.emitter.on) return
    const all = { medium: audience.name ?? 'medium', ...data } as MediumPayload['data']
    audience.emitter.emit<MediumPayload>(type, all, { cpu: this.cpu })
  }
}
