import type { AnyEvent, Vocabulary } from '@devtrail/events'
import type { AckLevel, LogReader, LogStore, ReadRange } from '../contract.ts'
import { LogUsageError, type LogUsageCode } from '../errors.ts'
import { sampleMeta } from '../samples.ts'

/** The part of a test runner that the suite needs. */
export interface TestApi {
  readonly describe: (name: string, body: () => void) => void
  readonly test: (name: string, body: () => Promise<void>) => void
  /** Deep, strict equality: throws when the two differ. */
  readonly expectEqual: (actual: unknown, expected: unknown) => void
}

export interface StoreUnderTest {
  readonly name: string
  /** The strongest level that the store ever acknowledges. */
  readonly strongest: AckLevel
  /** Whether it keeps what it is given, and yet refuses `durable`. Default: no; it gives what it can instead. */
  readonly refusesDurable?: boolean
  /** A place where no log has been created yet, a new one at each call. */
  fresh(vocabulary: Vocabulary): Promise<LogStore>
}

/** All events of a range, for tests of small logs. @throws as `reader.read`. */
export async function eventsOf(reader: LogReader, range?: ReadRange): Promise<AnyEvent[]> {
  const events: AnyEvent[] = []
  for await (const event of reader.read(range)) events.push(event)
  return events
}

export async function storedIn(store: LogStore, range?: ReadRange): Promise<AnyEvent[]> {
  await using reader = await store.open()
  return await eventsOf(reader, range)
}

/** The LogUsageError that `run` rejects with; anything else fails. */
export async function refusal(run: () => Promise<unknown>, code: LogUsageCode): Promise<LogUsageError> {
  try {
    await run()
  } catch (error) {
    if (error instanceof LogUsageError && error.code === code) return error
    throw error
  }
  throw new Error(`expected a LogUsageError "${code}", but the call was accepted`)
}

export async function filled(store: LogStore, events: readonly AnyEvent[]): Promise<void> {
  const writer = await store.create(sampleMeta())
  await writer.append(events)
  await writer.close()
}

/** A place for a log, a new one at each call. */
export type Fresh = () => Promise<LogStore>

/** Bytes that are not all alike. */
export const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 251)

/** A list in a list in a list …: deeper than a recursive function can go. */
export function nested(): unknown {
  let value: unknown = 1
  for (let level = 0; level < 100_000; level++) value = [value]
  return value
}
