/** Who ships and asks, on real servers that let in whom they know. */
import { mkdirSync, readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { makeCertificates, makeOperator, mustHaveServer, reason, startServers } from '@devtrail/nats-server'
import { credsAuthenticator, nkeys } from '@nats-io/transport-node'
import { describe, expect, test } from 'vitest'
import { BIN, recording, Scratch } from './devtrail.ts'

const LOG = recording('fsdax-splice')
const EVENTS = 540

describe.skipIf(reason !== null && !mustHaveServer)(`servers that ask who it is${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  test('a user and a password: by the address, the environment, a context; never seen in what is printed, kept or listed', async () => {
    using scratch = new Scratch()
    await using servers = await startServers(1, {
      config: 'authorization { user: ann, password: hush }\n',
      client: { user: 'ann', pass: 'hush' },
    })
    await servers.connect()
    const { port } = servers.all[0]!
    const bare = `nats://127.0.0.1:${port}/FLEET`
    const named = `nats://ann:hush@127.0.0.1:${port}/FLEET`
    const shipped = await scratch.run(['ship', LOG, named, '--host', 'h', '--json'])
    expect(shipped).toMatchObject({ code: 0, out: expect.stringContaining(`"there": ${EVENTS}`) })
    const refused = await scratch.run(['info', bare])
    expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/refuses who asks .*name credentials with --creds/) })
    expect(await scratch.run(['info', `nats://ann:wrong@127.0.0.1:${port}/FLEET`])).toMatchObject({
      code: 3,
      err: expect.not.stringContaining('wrong'),
    })
    const env = { NATS_USER: 'ann', NATS_PASSWORD: 'hush', NATS_URL: servers.urls[0]! }
    expect(await scratch.run(['info', 'nats:///FLEET/h'], { env })).toMatchObject({ code: 0 })
    mkdirSync(scratch.path('.config/nats/context'), { recursive: true })
    scratch.write('.config/nats/context/fleet.json', JSON.stringify({ url: servers.urls[0], user: 'ann', password: 'hush' }))
    const asked = await scratch.run(['info', 'nats:///FLEET', '--context', 'fleet'])
    expect(asked).toMatchObject({ code: 0 })
    for (const { out, err } of [shipped, refused, asked]) expect(out + err).not.toContain('hush')
    // While it runs, too.
    const child = spawn(process.execPath, [BIN, 'serve', named], { ...scratch.spawnOptions(), stdio: ['ignore', 'pipe', 'pipe'] })
    await new Promise((resolve) => child.stdout!.once('data', resolve))
    const listed = readFileSync(`/proc/${child.pid}/cmdline`, 'latin1')
    child.kill('SIGINT')
    await new Promise((resolve) => child.once('close', resolve))
    expect(listed).toContain('devtrail')
    expect(listed).not.toContain('hush')
  })

  test('an nkey', async () => {
    using scratch = new Scratch()
    const user = nkeys.createUser()
    const seed = user.getSeed()
    await using servers = await startServers(1, { config: `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }\n` })
    const file = scratch.write('user.nk', seed)
    const to = `${servers.urls[0]}/FLEET`
    // The server may still be starting.
    const shipped = await untilAnswered(() => scratch.run(['ship', LOG, to, '--host', 'h', '--nkey', file]))
    expect(shipped).toMatchObject({ code: 0 })
    expect(await scratch.json(['info', to, '--nkey', file])).toMatchObject({ events: 493 })
    expect(await scratch.json(['info', to], { env: { NATS_NKEY: file } })).toMatchObject({ events: 493 })
    expect(await scratch.run(['info', to])).toMatchObject({ code: 3, err: expect.stringMatching(/refuses who asks/) })
  })

  test('credentials of an operator’s account, over TLS in both directions', async () => {
    using scratch = new Scratch()
    const { ca, server, client } = makeCertificates(scratch.folder)
    const { config, creds } = await makeOperator()
    const tls = `tls { cert_file: "${server.cert}", key_file: "${server.key}", ca_file: "${ca}", verify: true }\n`
    await using servers = await startServers(1, {
      config: config + tls,
      client: {
        authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
        tls: { caFile: ca, certFile: client.cert, keyFile: client.key },
      },
    })
    await servers.connect()
    const file = scratch.write('fleet.creds', creds)
    const to = `tls://127.0.0.1:${servers.all[0]!.port}/FLEET`
    const all = ['--creds', file, '--tlsca', ca, '--tlscert', client.cert, '--tlskey', client.key]
    expect(await scratch.run(['ship', LOG, to, '--host', 'h', ...all])).toMatchObject({ code: 0, err: '' })
    expect(await scratch.json(['info', `${to}/h`, ...all])).toMatchObject({ events: 493 })
    const env = { NATS_CREDS: file, NATS_CA: ca, NATS_CERT: client.cert, NATS_KEY: client.key }
    expect(await scratch.json(['info', `${to}/h`], { env })).toMatchObject({ events: 493 })
    const said = async (...args: readonly string[]): Promise<string> => (await scratch.run(['info', to, ...args])).err
    expect(await said('--creds', file)).toMatch(/signed by nobody that is trusted \(.*\); name the authority's with --tlsca/)
    expect(await said('--creds', file, '--tlsca', ca)).toMatch(/may want a certificate of who asks; name one with --tlscert/)
    expect(await said(...all.slice(2))).toMatch(/refuses who asks/)
  })

  test('a JetStream domain: by an option, or the context', async () => {
    using scratch = new Scratch()
    await using servers = await startServers(1, { domain: 'hub' })
    await servers.connect()
    const to = `${servers.urls[0]}/FLEET`
    expect(await scratch.run(['ship', LOG, to, '--host', 'h', '--js-domain', 'hub'])).toMatchObject({ code: 0 })
    mkdirSync(scratch.path('.config/nats/context'), { recursive: true })
    scratch.write('.config/nats/context/hub.json', JSON.stringify({ url: servers.urls[0], jetstream_domain: 'hub' }))
    expect(await scratch.json(['info', 'nats:///FLEET', '--context', 'hub'])).toMatchObject({ events: 493 })
    expect(await scratch.run(['info', to, '--js-domain', 'leaf'])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no JetStream .*domain/),
    })
    expect(await scratch.run(['info', to, '--js-domain', 'a b'])).toMatchObject({ code: 2, err: expect.stringMatching(/--js-domain a b/) })
    const both = ['--js-domain', 'hub', '--js-api-prefix', '$JS.hub.API']
    expect(await scratch.run(['info', to, ...both])).toMatchObject({ code: 2, err: expect.stringMatching(/name one of them/) })
  })

  test('a server without JetStream, or without TLS, says so', async () => {
    using scratch = new Scratch()
    await using servers = await startServers(1, { config: 'jetstream: disabled\n' })
    await servers.connect()
    const { port } = servers.all[0]!
    expect(await scratch.run(['ship', LOG, `nats://127.0.0.1:${port}/FLEET`])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/has no JetStream .*start it with -js/),
    })
    expect(await scratch.run(['ship', LOG, `tls://127.0.0.1:${port}/FLEET`])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/does not speak TLS; name it with nats:/),
    })
  })
})

async function untilAnswered<T extends { readonly err: string }>(run: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    const found = await run()
    if (!found.err.includes('no server answers') || tries === 20) return found
  }
}
