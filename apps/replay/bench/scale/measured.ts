/** What all measurements of a fleet share: events, stores, figures. */
import { readFileSync } from 'node:fs'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogWriter } from '@devtrail/event-log'
import { jetStreamStore, type JetStreamLogStore } from '@devtrail/event-log-jetstream'
import type { AnyEvent } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import type { NatsConnection } from '@nats-io/transport-node'
import { Simulation } from '../simulated.ts'

export const MIB = 1024 * 1024
/** Events of a full block. */
export const BLOCK = 4096

export const meta: LogMeta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'bench' }, notes: [] }

/** So many batches of events, each as many as a full block, of one host. */
export function batchesOf(count: number, devices?: number): AnyEvent[][] {
  const simulation = new Simulation(devices)
  return Array.from({ length: count }, () => structuredClone(simulation.next(BLOCK)) as AnyEvent[])
}

export const eventsIn = (batches: readonly (readonly AnyEvent[])[]): number => batches.reduce((sum, { length }) => sum + length, 0)

export const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** MiB of memory that a process has. */
export const memoryOf = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

export const storeOf = (connection: NatsConnection, stream: string, host: string, replicas: 1 | 3 = 1): JetStreamLogStore =>
  jetStreamStore(connection, { stream, host, replicas }, vocabulary)

export async function write(writer: LogWriter, some: readonly AnyEvent[][]): Promise<void> {
  for (const batch of some) await writer.append(batch)
  await writer.flush('written')
}

/** The value below which a part of all lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

/** Runs three times: the middle figure, the lowest and the highest. */
export async function ofThree(run: () => Promise<number>): Promise<readonly [middle: number, low: number, high: number]> {
  const all: number[] = []
  for (let round = 0; round < 3; round++) all.push(await run())
  const [low, middle, high] = all.toSorted((a, b) => a - b) as [number, number, number]
  return [middle, low, high]
}
