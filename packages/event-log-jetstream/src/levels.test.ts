import { LogUsageError } from '@devtrail/event-log'
import type { NatsConnection } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { mustBePromised, promisedBy } from './levels.ts'

const server = (version?: string): NatsConnection =>
  ({ info: version === undefined ? undefined : { version } }) as unknown as NatsConnection

test.each(['2.10.0', '2.11.4', '2.100.0', '3.0.0', '2.10.0-beta.1'])('servers of %s sync always where that is said', (version) => {
  expect(promisedBy(server(version), 'always')).toBe('durable')
  expect(promisedBy(server(version), 'lazily')).toBe('written')
})

test.each(['2.9.10', '2.1.0', '1.12.0', 'nonsense', undefined])('of %s it is not believed', (version) => {
  expect(() => promisedBy(server(version), 'always')).toThrow(/cannot sync always: sync_interval: always is known since 2\.10/)
  expect(promisedBy(server(version), 'lazily')).toBe('written')
})

test('only durable is refused, and only where nobody promises it', () => {
  expect(() => mustBePromised('durable', 'written')).toThrow(LogUsageError)
  expect(() => mustBePromised('durable', 'written')).toThrow(/sync_interval: always.*serverSyncs: 'always'/)
  for (const level of ['buffered', 'written'] as const) expect(() => mustBePromised(level, 'written')).not.toThrow()
  expect(() => mustBePromised('durable', 'durable')).not.toThrow()
})
