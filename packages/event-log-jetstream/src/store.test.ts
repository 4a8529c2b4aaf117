import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logStoreContract } from '@devtrail/event-log/contract-suite'
import type { NatsConnection } from '@nats-io/transport-node'
import { jetStreamStore } from './index.ts'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'

const expectEqual = (actual: unknown, expected: unknown): void => expect(actual).toStrictEqual(expected)

let servers: Servers
let connection: NatsConnection

test.runIf(mustHaveServer)('in CI there is a server', () => {
  expect(reason).toBeNull()
})

describe.skipIf(reason !== null && !mustHaveServer)(`on a server${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    servers = await startServers(1)
    connection = await servers.connect()
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  let stores = 0
  logStoreContract(
    { describe, test, expectEqual },
    {
      name: 'JetStream',
      strongest: 'written',
      refusesDurable: true,
      fresh: async (vocabulary) => jetStreamStore(connection, { stream: `FRESH-${++stores}`, host: 'here' }, vocabulary),
    },
  )
})
