/** Logs that are shipped to a real server, and asked there. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { mustHaveServer, reason, startServers, type Servers } from '@devtrail/nats-server'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { headers, nanos } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BIN, recording, ROOT, Scratch, type Run } from './devtrail.ts'
import { serve } from './serving.ts'

const PINNED = recording('fsdax-pinned-unbind')
const SPLICE = recording('fsdax-splice')

const hostOf = (name: string): string => join(ROOT, 'recordings/two-hosts', name)
const events = async (scratch: Scratch, log: string): Promise<string> => (await scratch.run(['events', log, '--json'])).out

const seqs = (text: string): number[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { seq: number }).seq)

/** What commands answer of a log. */
async function ask(scratch: Scratch, log: string): Promise<Run[]> {
  const runs: Run[] = []
  for (const args of [
    ['state', log, '--at', '138'],
    ['check', log],
    ['export', log],
  ])
    runs.push(await scratch.run(args))
  return runs
}

describe.skipIf(reason !== null && !mustHaveServer)(`a fleet's stream${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let servers: Servers
  let url: string
  beforeAll(async () => {
    servers = await startServers(1)
    await servers.connect()
    url = servers.urls[0]!
  })
  afterAll(() => servers[Symbol.asyncDispose]())
  let streams = 0
  const fresh = (): string => `${url}/S${++streams}`

  test('every question is answered as of the log that was shipped', async () => {
    using here = new Scratch()
    using there = new Scratch()
    const to = fresh()
    const shipped = await here.json(['ship', PINNED, to, '--host', 'box'])
    expect(shipped).toMatchObject({
      schemaVersion: 1,
      stream: to.split('/').at(-1),
      host: 'box',
      log: `${to}/box`,
      events: 361,
      there: 361,
      lastSeq: 314,
      attachments: 2,
    })
    expect(await ask(there, `${to}/box`)).toStrictEqual(await ask(here, PINNED))
    expect(await there.run(['verify', to])).toMatchObject({ code: 0, out: 'whole: 361 events up to 314 and 0 keyframes\n' })
    // The only host there is needs no name.
    expect(await there.run(['diff', to, '--with', PINNED])).toMatchObject({ code: 0, out: expect.stringMatching(/same/) })
  })

  test('what is there is not sent again, nor fetched again', async () => {
    using scratch = new Scratch()
    const to = fresh()
    await scratch.run(['ship', PINNED, to, '--host', 'box'])
    const manager = await jetstreamManager(await servers.connect())
    const stream = to.split('/').at(-1)!
    const messages = async (): Promise<number> =>
      (await manager.streams.info(stream, { subjects_filter: `${stream}.box.events` })).state.subjects![`${stream}.box.events`]!
    const before = await messages()
    expect(await scratch.json(['ship', PINNED, to, '--host', 'box'])).toMatchObject({ events: 0, there: 361, attachments: 0 })
    // The new writer's fence alone.
    expect(await messages()).toBe(before + 1)
    await scratch.run(['state', to])
    const copies = readdirSync(scratch.path('cache/devtrail'))
    await scratch.run(['state', to])
    expect(readdirSync(scratch.path('cache/devtrail'))).toStrictEqual(copies)
  })

  test('a log that is recorded meanwhile arrives as it comes, and is followed from afar', { timeout: 30_000 }, async () => {
    using here = new Scratch()
    using there = new Scratch()
    const to = fresh()
    const lines = readFileSync(`${SPLICE}/trace.txt`, 'utf8').split('\n')
    const importing = spawn(process.execPath, [BIN, 'import', '-', '--follow', '-o', here.path('live.log')], {
      ...here.spawnOptions(),
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const imported = new Promise((resolve) => importing.once('close', resolve))
    importing.stdin!.write(`${lines.slice(0, 120).join('\n')}\n`)
    while (!existsSync(here.path('live.log/log.json'))) await new Promise((resolve) => setTimeout(resolve, 50))
    const shipping = here.json(['ship', here.path('live.log'), to, '--host', 'box', '--follow'])
    let first: object | null = null
    while (first === null) {
      const { code, out } = await there.run(['events', to, '--json', '--limit', '1'])
      if (code === 0 && out !== '') first = JSON.parse(out) as object
      else await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const following = there.run(['events', to, '--follow', '--json'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    importing.stdin!.end(`${lines.slice(120).join('\n')}\n`)
    await imported
    const shipped = await shipping
    const followed = await following
    const local = await here.run(['events', here.path('live.log'), '--json'])
    expect(seqs(followed.out)).toStrictEqual(seqs(local.out))
    expect(shipped).toMatchObject({ lastSeq: seqs(local.out).at(-1) })
    expect((await there.run(['check', to])).out).toBe((await here.run(['check', here.path('live.log')])).out)
  })

  test('a server that stands still while a log is shipped: it is said, and goes on', { timeout: 60_000 }, async () => {
    await using own = await startServers(1)
    const connection = await own.connect()
    using here = new Scratch()
    const lines = readFileSync(`${SPLICE}/trace.txt`, 'utf8').split('\n')
    const importing = spawn(process.execPath, [BIN, 'import', '-', '--follow', '-o', here.path('live.log')], {
      ...here.spawnOptions(),
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    importing.stdin!.write(`${lines.slice(0, 120).join('\n')}\n`)
    while (!existsSync(here.path('live.log/log.json'))) await new Promise((resolve) => setTimeout(resolve, 50))
    const shipping = here.run(['ship', here.path('live.log'), `${own.urls[0]!}/F`, '--host', 'box', '--follow'])
    const manager = await jetstreamManager(connection)
    const arrived = async (): Promise<number> =>
      manager.streams.info('F', { subjects_filter: 'F.box.events' }).then(
        ({ state }) => state.subjects?.['F.box.events'] ?? 0,
        () => 0,
      )
    // The fence, and a block.
    while ((await arrived()) < 2) await new Promise((resolve) => setTimeout(resolve, 100))
    own.all[0]!.pause()
    importing.stdin!.end(`${lines.slice(120).join('\n')}\n`)
    await new Promise((resolve) => setTimeout(resolve, 9000))
    own.all[0]!.resume()
    const { code, err } = await shipping
    expect(err.match(/note: .*\/F takes nothing at the moment .*; trying again until it does/g)).toHaveLength(1)
    expect(code).toBe(0)
  })

  test('a log whose head is gone is answered from its keyframe', async () => {
    using here = new Scratch()
    using there = new Scratch()
    const to = fresh()
    const stream = to.split('/').at(-1)!
    const manager = await jetstreamManager(await servers.connect())
    // By which ship knows that the head may go.
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`], max_age: nanos(86_400_000) })
    await here.run(['simulate', 'fsdax-truncate-hang', '-o', here.path('hang.log')])
    const local = here.path('hang.log')
    const { lastSeq } = await here.json<{ lastSeq: number }>(['ship', local, to, '--host', 'h'])
    await manager.streams.purge(stream, { filter: `${stream}.h.events`, keep: 1 })
    const asked = await there.run(['state', to])
    expect(asked).toMatchObject({
      code: 0,
      err: expect.stringContaining(
        `its first 4096 events are gone, and no keyframe says what was then: what they told is not known, until at event ${lastSeq} a keyframe says it`,
      ),
    })
    // But for the names of the logs.
    expect(asked.out.replace(/^h,/, 'hang.log,')).toBe((await here.run(['state', local])).out)
    // What is there can be asked, however late the keyframe.
    expect(seqs((await there.run(['events', to, '--json'])).out).slice(0, 2)).toStrictEqual([4097, 4098])
    expect(await there.json(['info', to])).toMatchObject({ events: lastSeq - 4096 })
    expect((await there.run(['stuck', to])).out).toMatch(/truncate \(pid 132\)[^]*the task was not\s+woken/)
    expect(await there.run(['state', to, '--at', '10'])).toMatchObject({
      code: 4,
      err: expect.stringContaining(`event 10 is gone with the head of the log: it is known from event 4096 on`),
    })
    expect(await there.run(['blame', to, '--device', 'pfn0.0', '--path', 'driver.state'])).toMatchObject({ code: 0 })
    expect(await there.run(['export', to, '--format', 'html', '-o', there.path('rest.html')])).toMatchObject({ code: 0, out: '' })
    expect(await there.run(['export', to, '--format', 'log', '-o', there.path('rest.log')])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/has no beginning .*: no other log can be made of the rest/),
    })
    {
      await using page = await serve(there, to)
      expect((await fetch(page.url)).status).toBe(200)
    }
    expect(await there.run(['ship', to, `${to}/copy`])).toMatchObject({ code: 3, err: expect.stringMatching(/has no beginning/) })
    // Who had the head before it went keeps it.
    expect((await here.run(['ship', local, `${to}/again`])).code).toBe(0)
    await there.run(['state', `${to}/again`])
    await manager.streams.purge(stream, { filter: `${stream}.again.events`, keep: 1 })
    expect(await there.run(['state', `${to}/again`, '--at', '10'])).toMatchObject({ code: 0, err: '' })
  })

  test('of several hosts one has to be named', async () => {
    using scratch = new Scratch()
    const to = fresh()
    await scratch.run(['ship', PINNED, to, '--host', 'a'])
    await scratch.run(['ship', SPLICE, `${to}/b`])
    expect(await scratch.run(['state', to])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/has logs of 2 hosts; name one of them as in .*\/a: a, b/),
    })
    expect(await scratch.run(['state', `${to}/c`])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no log of c in .*; there are logs of a, b/),
    })
    const { out } = await scratch.run(['info', `${to}/b`])
    expect(out).toMatch(/fsdax-splice/)
    // Where it is, not where its copy is.
    expect(out).toContain(`${to}/b\n`)
    expect(await scratch.json(['info', `${to}/b`])).toMatchObject({ log: `${to}/b` })
  })

  test(
    'logs of a stream are merged as those of this machine are, and what comes of it is shipped as any log',
    { timeout: 120_000 },
    async () => {
      using here = new Scratch()
      using there = new Scratch()
      const to = fresh()
      for (const host of ['web', 'db']) await here.run(['ship', hostOf(host), to, '--host', host])
      expect(await there.run(['merge', `${to}/web`, `${to}/db`, '-o', there.path('far.log')])).toMatchObject({ code: 0 })
      await here.run(['merge', hostOf('web'), hostOf('db'), '-o', here.path('near.log')])
      const near = await events(here, here.path('near.log'))
      expect(near.length).toBeGreaterThan(1000)
      expect(await events(there, there.path('far.log'))).toBe(near)
      expect(await here.run(['ship', here.path('near.log'), to, '--host', 'both'])).toMatchObject({ code: 0 })
      expect(await events(there, `${to}/both`)).toBe(near)
      expect((await there.run(['state', `${to}/both`])).out.replace('both,', '')).toBe(
        (await here.run(['state', here.path('near.log')])).out.replace('near.log,', ''),
      )
      expect(await there.run(['merge', `${to}/both`, `${to}/db`, '-o', there.path('x.log')])).toMatchObject({
        code: 2,
        err: expect.stringMatching(/both is of several hosts already.*merge the logs that it was made of/),
      })
    },
  )

  test('another log under the same host is refused, and nothing of it sent', async () => {
    using scratch = new Scratch()
    const to = fresh()
    await scratch.run(['ship', PINNED, to, '--host', 'a'])
    expect(await scratch.run(['ship', SPLICE, to, '--host', 'a'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/holds another log \(one of fsdax-pinned-unbind\); name another host/),
    })
    expect(await scratch.json(['info', to])).toMatchObject({ events: 314 })
  })

  test('no server, no stream, no log, wrong addresses: each says what to do', async () => {
    using scratch = new Scratch()
    const said = async (...args: readonly string[]): Promise<string> => {
      const { code, out, err } = await scratch.run(args)
      return `${code} ${out}${err}`
    }
    expect(await said('state', 'nats://u:hush@127.0.0.1:1/FLEET')).toBe(
      '3 devtrail: no server answers at nats://127.0.0.1:1 (connection refused); start it, or name another one\n',
    )
    expect(await said('state', `${url}/NOPE`)).toMatch(/^3 devtrail: there is no stream at .*\/NOPE; devtrail ship makes it/)
    expect(await said('state', url)).toMatch(/^2 devtrail: .* names no stream; a log on a server is nats:/)
    expect(await said('repair', `${url}/NOPE`)).toMatch(/^2 devtrail: .*name it with --from/)
    expect(await said('import', `${url}/NOPE`)).toMatch(/^2 devtrail: a log on a server is no recording/)
    expect(await said('ship', PINNED, `${url}/A`, '--host', 'box', '--replicas', '3')).toMatch(
      /^3 devtrail: the stream A cannot be made .*--replicas[^\n]*\n$/,
    )
    for (const trace of ['-', PINNED])
      expect(await said('ship', trace, `${url}/A`, '--follow')).toMatch(
        /^2 devtrail: .* is no log yet.* devtrail import .* --follow -o live\.log/,
      )
    expect(await said('ship', PINNED, `${url}/A/b`, '--host', 'c')).toMatch(/^2 devtrail: the address names the host b, --host c; name one/)
  })

  /** The numbers of the messages that hold blocks of a host. */
  const blocksOf = async (stream: string, host: string): Promise<number[]> => {
    const manager = await jetstreamManager(await servers.connect())
    const { first_seq: first, last_seq: last } = (await manager.streams.info(stream)).state
    const found: number[] = []
    for (let seq = first; seq <= last; seq++) {
      const message = await manager.streams.getMessage(stream, { seq }).catch(() => null)
      if (message?.subject === `${stream}.${host}.events` && message.data.length > 0) found.push(seq)
    }
    return found
  }

  test(
    'a block that a server lost, or damaged, is a gap: named, in doubt, and put again from the log that was shipped',
    { timeout: 120_000 },
    async () => {
      using here = new Scratch()
      using there = new Scratch()
      const to = fresh()
      const stream = to.split('/').at(-1)!
      await here.run(['simulate', 'fsdax-truncate-hang', '-o', here.path('hang.log')])
      const local = here.path('hang.log')
      await here.run(['ship', local, to, '--host', 'a'])
      const answers = async (scratch: Scratch): Promise<string[]> => [(await scratch.run(['state', `${to}/a`, '--at', '4000'])).out]
      const whole = await answers(here)
      const manager = await jetstreamManager(await servers.connect())
      const [lost] = await blocksOf(stream, 'a')
      await manager.streams.deleteMessage(stream, lost!)
      const asked = await there.run(['state', to])
      expect(asked).toMatchObject({
        code: 0,
        err: expect.stringMatching(/events 1 to 4096 are lost on the server.*devtrail repair .*\/a --from LOG/),
      })
      expect(await there.run(['verify', to])).toMatchObject({
        code: 3,
        out: expect.stringMatching(/^lost events 1 to 4096\n1 damaged place; 3410 events/),
      })
      expect(await there.run(['ship', `${to}/a`, `${to}/b`])).toMatchObject({ code: 3, err: expect.stringMatching(/cannot be shipped/) })
      // The copy that was whole before goes on to be.
      expect(await answers(here)).toStrictEqual(whole)
      expect(await here.run(['repair', to, '--from', SPLICE])).toMatchObject({ code: 2, err: expect.stringMatching(/holds another log/) })
      const again = await here.run(['ship', local, to, '--host', 'a'])
      expect(again).toMatchObject({ code: 0, err: expect.stringMatching(/had lost events 1 to 4096; it is there again/) })
      expect(await answers(there)).toStrictEqual(whole)
      expect(await there.run(['verify', to])).toMatchObject({ code: 0 })
      // A bit of the last one: found when it is read.
      const last = (await blocksOf(stream, 'a')).at(-1)!
      const message = (await manager.streams.getMessage(stream, { seq: last }))!
      await manager.streams.deleteMessage(stream, last)
      const head = headers()
      for (const key of message.header.keys()) if (key.startsWith('Devtrail')) head.set(key, message.header.get(key))
      await jetstream(await servers.connect()).publish(message.subject, message.data.with(60, message.data[60]! ^ 4), { headers: head })
      using elsewhere = new Scratch()
      const damaged = await elsewhere.run(['state', `${to}/a`, '--at', '4000'])
      expect(damaged).toMatchObject({ code: 0, out: whole[0], err: expect.stringMatching(/events 4097 to 7506 are lost on the server/) })
      const repaired = await here.run(['repair', to, '--from', local])
      expect(repaired).toMatchObject({ code: 0, out: 'put again: events 4097 to 7506\nwhole again\n' })
      expect(await answers(elsewhere)).toStrictEqual(whole)
      expect(await here.run(['repair', to, '--from', local])).toMatchObject({ code: 0, out: 'nothing to mend\n' })
    },
  )

  test('streams with other settings are refused before anything is sent', async () => {
    using scratch = new Scratch()
    const manager = await jetstreamManager(await servers.connect())
    await manager.streams.add({ name: 'OTHER', subjects: ['elsewhere.>'] })
    await manager.streams.add({ name: 'ONE', subjects: ['ONE.>'], max_msgs_per_subject: 1 })
    await manager.streams.add({ name: 'QUEUE', subjects: ['QUEUE.>'], retention: 'workqueue' })
    await manager.streams.add({ name: 'SMALL', subjects: ['SMALL.>'], max_msg_size: 1000 })
    await manager.streams.add({ name: 'FULL', subjects: ['FULL.>'], max_bytes: 5000, discard: 'new' })
    const said = async (stream: string): Promise<string> => {
      const { code, err } = await scratch.run(['ship', PINNED, `${url}/${stream}`, '--host', 'h'])
      return `${code} ${err}`
    }
    expect(await said('OTHER')).toMatch(/^3 .*the stream OTHER cannot keep logs: it takes elsewhere\.> instead of OTHER\.>/)
    expect(await said('ONE')).toMatch(/keeps 1 messages a subject/)
    expect(await said('QUEUE')).toMatch(/has the retention workqueue/)
    expect(await said('SMALL')).toMatch(/takes messages of at most 1000 bytes/)
    expect(await said('FULL')).toMatch(/^3 devtrail: the stream FULL takes no more \(.*maximum bytes.*\); raise its limits/)
  })
})
