import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { addressOf } from './address.ts'
import type { ServerOptions } from '../session/session.ts'
import { accessTo } from './credentials.ts'

const folder = mkdtempSync(join(tmpdir(), 'devtrail-credentials-'))
afterAll(() => rmSync(folder, { recursive: true }))

mkdirSync(join(folder, 'nats', 'context'), { recursive: true })
const context = (name: string, fields: object): void =>
  writeFileSync(join(folder, 'nats', 'context', `${name}.json`), JSON.stringify({ description: '', ...fields }))
context('fleet', { url: 'nats://box:4222', user: 'ann', password: 'secret-of-ann' })
context('others', { url: 'nats://far:4222', token: 'secret-of-others', creds: '' })
writeFileSync(join(folder, 'nats', 'context.txt'), 'fleet\n')
writeFileSync(join(folder, 'not.creds'), 'hello')

const access = async (given: string, options: ServerOptions = {}, env: NodeJS.ProcessEnv = {}): Promise<object> => {
  const { options: all } = await accessTo(addressOf(given), options, { XDG_CONFIG_HOME: folder, ...env })
  return all
}

describe('who asks', () => {
  test('a context that was selected is for its own servers only', async () => {
    expect(await access('nats://box/FLEET')).toStrictEqual({ servers: ['box:4222'], user: 'ann', pass: 'secret-of-ann' })
    expect(await access('nats:///FLEET')).toStrictEqual({ servers: ['box:4222'], user: 'ann', pass: 'secret-of-ann' })
    expect(await access('nats://elsewhere/FLEET')).toStrictEqual({ servers: ['elsewhere:4222'] })
    expect(await access('nats:///FLEET', {}, { NATS_URL: 'nats://elsewhere:1' })).toStrictEqual({ servers: ['elsewhere:1'] })
  })

  test('a context that was named is for the servers that were named', async () => {
    expect(await access('nats://box/FLEET', { context: 'others' })).toStrictEqual({ servers: ['box:4222'], token: 'secret-of-others' })
    expect(await access('nats:///FLEET', {}, { NATS_CONTEXT: 'others' })).toStrictEqual({
      servers: ['far:4222'],
      token: 'secret-of-others',
    })
  })

  test('the address outdoes the environment, and that the context', async () => {
    const env = { NATS_USER: 'env', NATS_PASSWORD: 'p' }
    expect(await access('nats://u:w@box/FLEET', {}, env)).toStrictEqual({ servers: ['box:4222'], user: 'u', pass: 'w' })
    expect(await access('nats://box/FLEET', {}, env)).toStrictEqual({ servers: ['box:4222'], user: 'env', pass: 'p' })
    expect(await access('nats://box/FLEET', {}, { NATS_USER: 'only' })).toStrictEqual({ servers: ['box:4222'], token: 'only' })
  })

  test('tls:// is never without TLS, nor is a certificate', async () => {
    const ca = join(folder, 'not.creds')
    expect(await access('tls://elsewhere/FLEET')).toStrictEqual({ servers: ['elsewhere:4222'], tls: {} })
    expect(await access('nats://elsewhere/FLEET', {}, { NATS_CA: ca })).toStrictEqual({ servers: ['elsewhere:4222'], tls: { caFile: ca } })
    expect(await access('nats:///FLEET', {}, { NATS_URL: 'tls://elsewhere' })).toStrictEqual({ servers: ['elsewhere:4222'], tls: {} })
  })

  test.each<[ServerOptions, RegExp]>([
    [{ creds: join(folder, 'none') }, /cannot read the credentials .*none \(ENOENT\)/],
    [{ creds: join(folder, 'not.creds') }, /not\.creds holds no credentials/],
    [{ nkey: join(folder, 'not.creds') }, /holds no seed of a user's nkey/],
    [{ tlscert: join(folder, 'not.creds') }, /--tlscert and --tlskey .* go together/],
    [{ tlsca: join(folder, 'none') }, /cannot read the certificate of the authority/],
    [{ context: 'none' }, /NATS context .*none\.json cannot be read \(ENOENT\)/],
    [{ context: '../../etc/passwd' }, /a NATS context is named by letters/],
  ])('%j is refused', async (options, says) => {
    await expect(access('nats://box/FLEET', options)).rejects.toThrow(says)
  })
})
