/** What is fuzzed. */
import type { Budget } from './meter.ts'
import type { Random } from './random.ts'

export type Bytes = Uint8Array<ArrayBuffer>

export interface Target {
  readonly name: string
  /** Inputs that a writer wrote, to start from. */
  readonly seeds: readonly Bytes[]
  /** Longer inputs are cut. */
  readonly bytesMax: number
  /** What any input may cost. */
  readonly budget: Budget
  /** Put whole into inputs. */
  readonly tokens?: readonly Bytes[]
  /** Changes an input in a way that knows what it is made of; else bytes are changed. */
  readonly mutate?: (input: Bytes, random: Random, other: Bytes) => Bytes
  /** @throws whatever shows that a promise was broken; resolves where the input was read or refused as it should be. */
  readonly run: (input: Bytes) => Promise<void> | void
}

/** A promise of what reads was broken. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export function must(holds: boolean, promise: string, found?: unknown): asserts holds {
  if (!holds) throw new Broken(found === undefined ? promise : `${promise}; found ${text(found)}`)
}

/** Anything as text, for comparing and for messages. */
export function text(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v)) ?? String(value)
}
