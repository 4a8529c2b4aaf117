import type { Emitter } from '@devtrail/events'
import type { PercpuRefPayload } from '../events.ts'
import { BIAS, u64 } from '../flags.ts'
import { BIAS32 } from './layout.ts'

type Type = PercpuRefPayload['type']
type Body<T extends Type> = Omit<Extract<PercpuRefPayload, { type: T }>['data'], 'ref'>

/** How one thread says what it does to a shared ref. Words are said as a 64-bit kernel's would be. */
export class Said {
  readonly #events: Emitter | null
  readonly #ref: string

  constructor(events: Emitter | null, ref: string) {
    this.#events = events
    this.#ref = ref
  }

  get on(): boolean {
    return this.#events !== null && this.#events.on
  }

  /** Returns the sequence number of the event; 0 when nobody listens. */
  say<T extends Type>(type: T, body: Body<T>): number {
    return this.#events === null ? 0 : this.#events.emit<PercpuRefPayload>(type, { ref: this.#ref, ...body })
  }

  because<T>(seq: number, fn: () => T): T {
    return this.#events === null ? fn() : this.#events.because(seq, fn)
  }
}

/** A counter word of 32 bits as 64 bits; the shared one with its bias at the place where that is there. */
export const wide = (word: number, isBiased = false): bigint => (isBiased ? u64(BIAS + BigInt((word - BIAS32) | 0)) : u64(BigInt(word | 0)))
