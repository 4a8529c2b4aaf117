/** Examples of READMEs that need a NATS server get one, where it is installed. */
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { afterAll, beforeAll } from 'vitest'

const needsServer = (code: string): boolean => code.includes('@nats-io/transport-node')

/** Why an example cannot be run here; null when it can, and in CI, where it has to. */
export const withoutServer = (code: string): string | null => (needsServer(code) && !mustHaveServer ? reason : null)

export class ExampleServer {
  #servers: Servers | null = null

  /** Starts with the tests of the file that makes it, and ends with them. */
  constructor() {
    beforeAll(async () => {
      if (reason === null) this.#servers = await startServers(1)
    })
    afterAll(() => this.#servers?.[Symbol.asyncDispose]())
  }

  /** The environment of an example, once the server answers. */
  async envOf(code: string): Promise<NodeJS.ProcessEnv> {
    if (needsServer(code)) await this.#servers?.connect()
    return { ...process.env, NATS_URL: this.#servers?.urls[0] }
  }
}
