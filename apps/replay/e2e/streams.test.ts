/** How the command reads and writes its streams: colours, pipes, a full disk, Ctrl-C. */
import { spawn, spawnSync, type SpawnSyncOptionsWithStringEncoding } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, recording, Scratch } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const twin = recording('fsdax-splice')
const trace = readFileSync(join(twin, 'trace.txt'))

describe('streams', () => {
  const all = ['info', 'devices', 'events', 'state', 'iomem', 'refs', 'stuck', 'check'] as const

  test('no colour into a pipe; with FORCE_COLOR yes, never against NO_COLOR or --no-color', async () => {
    const escape = '\u001b['
    for (const command of all) expect([command, (await scratch.run([command, twin])).out.includes(escape)]).toEqual([command, false])
    const coloured = { FORCE_COLOR: '1' }
    expect((await scratch.run(['check', twin], { env: coloured })).out).toContain(escape)
    expect((await scratch.run(['check', twin], { env: { ...coloured, NO_COLOR: '1' } })).out).not.toContain(escape)
    expect((await scratch.run(['check', twin, '--no-color'], { env: coloured })).out).not.toContain(escape)
    expect((await scratch.run(['check', twin, '--json'], { env: coloured })).out).not.toContain(escape)
  })

  test('--json prints one document with a schemaVersion', async () => {
    for (const command of all.filter((c) => c !== 'events'))
      expect([command, (await scratch.json([command, twin])).schemaVersion]).toEqual([command, 1])
  })

  test('no progress where stderr is not a terminal', async () => {
    const { err } = await scratch.run(['import', twin], { env: { XDG_CACHE_HOME: scratch.path('quiet-cache') } })
    expect(err).toBe('')
  })

  test('a closed pipe is a quiet exit 0', async () => {
    const child = spawn(process.execPath, [BIN, 'events', recording('fsdax-truncate-hang'), '--json'], {
      ...scratch.spawnOptions(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.stdout!.once('data', () => child.stdout!.destroy())
    const [code] = (await once(child, 'close')) as [number]
    expect([code, err]).toEqual([0, ''])
  })

  test('whoever stops reading an answer gets its exit code', async () => {
    const log = scratch.path('hung')
    expect((await scratch.run(['simulate', 'fsdax-truncate-hang', '--rules', 'seed', '-o', log])).code).toBe(0)
    const child = spawn(process.execPath, [BIN, 'check', log, '--json'], { ...scratch.spawnOptions(), stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout!.once('data', () => child.stdout!.destroy())
    expect(await once(child, 'close')).toEqual([1, null])
  })

  test('a full disk behind stdout: exit 3, in a line', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [BIN, 'events', twin], { ...scratch.spawnOptions(), stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    let err = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    const [code] = (await once(child, 'close')) as [number]
    expect([code, err]).toEqual([3, 'devtrail: cannot write to stdout: ENOSPC: no space left on device, write\n'])
  })

  test('a pipe of the shell or one with a name is read like stdin', async () => {
    const devtrail = `'${process.execPath}' '${BIN}' info --json`
    const from = `cat '${join(twin, 'trace.txt')}'`
    for (const line of [
      `${devtrail} <(${from})`,
      `mkfifo a.fifo; ${from} >a.fifo & ${devtrail} a.fifo`,
      `${from} | ${devtrail} /dev/stdin`,
    ]) {
      const { stdout, stderr, status } = spawnSync('bash', ['-c', line], {
        ...scratch.spawnOptions(),
        encoding: 'utf8',
      } as SpawnSyncOptionsWithStringEncoding)
      expect([stderr, status]).toEqual(['', 0])
      expect(JSON.parse(stdout).entries).toBe(497)
    }
  })

  test('Ctrl-C while nobody writes into a pipe: exit 130', async () => {
    const cache = scratch.path('waiting-cache')
    const line = `mkfifo b.fifo; exec '${process.execPath}' '${BIN}' info b.fifo`
    const child = spawn('bash', ['-c', line], { ...scratch.spawnOptions({ env: { XDG_CACHE_HOME: cache } }), stdio: 'ignore' })
    const closed = once(child, 'close')
    while (!existsSync(join(cache, 'devtrail')) || readdirSync(join(cache, 'devtrail')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect((await closed)[0]).toBe(130)
    expect(readdirSync(join(cache, 'devtrail'))).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s while a trace comes in: exit 130, nothing left behind', async (signal) => {
    const env = { XDG_CACHE_HOME: scratch.path(`${signal}-cache`) }
    const child = spawn(process.execPath, [BIN, 'import', '-'], { ...scratch.spawnOptions({ env }), stdio: ['pipe', 'pipe', 'pipe'] })
    const closed = once(child, 'close')
    child.stdin!.on('error', () => {})
    child.stdin!.write(trace.subarray(0, 20_000))
    while (!existsSync(scratch.path(`${signal}-cache/devtrail`)) || readdirSync(scratch.path(`${signal}-cache/devtrail`)).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    child.kill(signal)
    const [code] = (await closed) as [number]
    expect(code).toBe(130)
    expect(readdirSync(scratch.path(`${signal}-cache/devtrail`))).toEqual([])
  })
})
