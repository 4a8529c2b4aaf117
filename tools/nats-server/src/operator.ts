/** An operator with one account, and credentials of a user of it, as nsc makes them. */
import { createAccount, createOperator, createUser, encodeAccount, encodeOperator, encodeUser, fmtCreds } from '@nats-io/jwt'

export interface Operator {
  /** What of a server's configuration makes it trust the operator. */
  readonly config: string
  /** What a file of credentials holds. */
  readonly creds: string
}

/** The account may use JetStream without limits. */
const LIMITS = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1, subs: -1, data: -1, payload: -1, conn: -1, leaf: -1 }

export async function makeOperator(): Promise<Operator> {
  const [operator, system, account, user] = [createOperator(), createAccount(), createAccount(), createUser()]
  const accounts = [
    [account, await encodeAccount('fleet', account, { limits: LIMITS }, { signer: operator })],
    [system, await encodeAccount('SYS', system, {}, { signer: operator })],
  ] as const
  const resolver = accounts.map(([key, jwt]) => `${key.getPublicKey()}: "${jwt}"`).join('\n')
  const trusted = await encodeOperator('devtrail tests', operator, { system_account: system.getPublicKey() })
  const config = `operator: "${trusted}"\nsystem_account: ${system.getPublicKey()}\nresolver: MEMORY\nresolver_preload { ${resolver} }\n`
  return { config, creds: new TextDecoder().decode(fmtCreds(await encodeUser('shipper', user, account), user)) }
}
