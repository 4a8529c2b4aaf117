/** A trace that is imported while it is written, and asked meanwhile by another process. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BIN, recording, Scratch, type Run } from './devtrail.ts'

let scratch: Scratch
let running: ChildProcess | null = null
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => {
  running?.kill('SIGKILL')
  scratch[Symbol.dispose]()
})

const devtrail = (args: readonly string[]): Promise<Run> => scratch.run(args)

interface Live {
  readonly child: ChildProcess
  readonly log: string
  readonly ended: Promise<number | null>
}

function follow(given: string): Live {
  const log = scratch.path('live.log')
  const child = spawn(process.execPath, [BIN, 'import', given, '--follow', '-o', log], {
    ...scratch.spawnOptions(),
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  running = child
  return { child, log, ended: new Promise((resolve) => child.on('close', resolve)) }
}

/** How many events another process sees in the log. */
async function seen(log: string): Promise<number> {
  const { code, out } = await devtrail(['events', log, '--json'])
  return code === 0 ? out.split('\n').filter((line) => line !== '').length : 0
}

const lines = async (): Promise<string[]> => (await readFile(join(recording('fsdax-splice'), 'trace.txt'), 'utf8')).split('\n')
const text = (some: readonly string[]): string => `${some.join('\n')}\n`

it('stdin: what came so far can be asked, and the rest follows', async () => {
  const all = await lines()
  const { child, log, ended } = follow('-')
  child.stdin!.write(text(all.slice(0, 200)))
  await expect.poll(() => seen(log), { timeout: 15_000 }).toBeGreaterThan(100)
  const before = await seen(log)
  child.stdin!.end(all.slice(200).join('\n'))
  expect(await ended).toBe(0)
  expect(await seen(log)).toBeGreaterThan(before)
  expect((await devtrail(['info', log])).out).toContain('stdin')
})

it('a trace that never pauses is handed over as it comes, and a kill loses none of that', async () => {
  const all = await lines()
  const { child, log, ended } = follow('-')
  let at = 0
  const feeding = setInterval(() => {
    if (at < all.length) child.stdin!.write(text(all.slice(at, (at += 2))))
  }, 40)
  try {
    await expect.poll(() => seen(log), { timeout: 15_000 }).toBeGreaterThan(20)
    expect(at).toBeLessThan(all.length)
    const before = await seen(log)
    clearInterval(feeding)
    child.kill('SIGKILL')
    await ended
    expect(await seen(log)).toBeGreaterThanOrEqual(before)
  } finally {
    clearInterval(feeding)
  }
})

it('a file that grows: Ctrl-C ends the log whole, with all that was read', async () => {
  const all = await lines()
  const file = scratch.write('mine.txt', text(all.slice(0, 150)))
  const { child, log, ended } = follow(file)
  await expect.poll(() => seen(log), { timeout: 15_000 }).toBeGreaterThan(50)
  const before = await seen(log)
  await appendFile(file, text(all.slice(150, 300)))
  await expect.poll(() => seen(log), { timeout: 15_000 }).toBeGreaterThan(before)
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect((await devtrail(['verify', log])).code).toBe(0)
  expect((await devtrail(['info', log])).code).toBe(0)
})

it('what is no text is refused at once, a pipe and a file alike', async () => {
  const packed = scratch.write('mine.gz', gzipSync(text(await lines())))
  const dat = recording('fsdax-gup-overwritten')
  for (const given of [packed, join(dat, 'trace.dat')]) {
    const { code, err } = await devtrail(['import', given, '--follow', '-o', scratch.path('none.log')])
    expect([code, err]).toEqual([3, expect.stringContaining('import it without --follow')])
    expect(existsSync(scratch.path('none.log'))).toBe(false)
  }
  const { child, ended } = follow('-')
  child.stdin!.write(gzipSync('x'))
  child.stdin!.write(new Uint8Array(20))
  expect(await ended).toBe(3)
})

it('being told to end is like Ctrl-C', async () => {
  const { child, log, ended } = follow('-')
  child.stdin!.write(text((await lines()).slice(0, 200)))
  await expect.poll(() => seen(log), { timeout: 15_000 }).toBeGreaterThan(100)
  child.kill('SIGTERM')
  expect(await ended).toBe(130)
  expect((await devtrail(['verify', log])).code).toBe(0)
})

it('a killed import leaves a log with what had come', async () => {
  const all = await lines()
  const { child, log, ended } = follow('-')
  child.stdin!.write(text(all.slice(0, 200)))
  await expect.poll(() => seen(log), { timeout: 15_000 }).toBeGreaterThan(100)
  const before = await seen(log)
  child.kill('SIGKILL')
  await ended
  expect(await seen(log)).toBe(before)
  expect((await devtrail(['info', log])).code).toBe(0)
})

it('what is there is answered as it is without --follow', async () => {
  const crash = recording('fsdax-pinned-unbind')
  const log = scratch.path('there.log')
  expect((await devtrail(['import', crash, '-o', log])).code).toBe(0)
  const asked = [
    ['events', log, '--device', 'pfn0.0'],
    ['events', log, '--device', 'pfn0.0', '--json', '--type', 'memremap'],
    ['bisect', log, '--when', 'device("pfn0.0").pagemaps[0x100000000].pageRefs[0x109300]'],
    ['bisect', log, '--when', 'device("pfn0.0").kind == "nothing"'],
    // Whether it was, is not known all along, and that is said.
    ['bisect', log, '--when', 'device("pfn0.0").queue.dying == true'],
  ]
  for (const args of asked) expect((await devtrail([...args, '--follow'])).out).toBe((await devtrail(args)).out)
})

it('wants a log of its own, and something that can be followed', async () => {
  expect((await devtrail(['import', '-', '--follow'])).code).toBe(2)
  expect((await devtrail(['import', scratch.folder, '--follow', '-o', scratch.path('x')])).code).toBe(2)
  expect((await devtrail(['import', scratch.path('nowhere'), '--follow', '-o', scratch.path('x')])).code).toBe(3)
})

const numbers = (out: string): number[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { seq: number }).seq)

it('events, check and bisect --follow tell what comes in as it comes, and end with the recording', async () => {
  const lines = (await readFile(join(recording('fsdax-pinned-unbind'), 'trace.txt'), 'utf8')).split('\n')
  const { child, log, ended } = follow('-')
  child.stdin!.write(text(lines.slice(0, 120)))
  await expect.poll(() => seen(log), { timeout: 15_000 }).toBeGreaterThan(20)
  const events = devtrail(['events', log, '--follow', '--json'])
  const grabs = devtrail(['events', log, '--follow', '--where', 'type == "memremap/grabbed" && kind == "get" && pagemap != null', '--json'])
  const checked = devtrail(['check', log, '--follow', '--rule', 'kernel/warned'])
  const when = ['--device', 'pfn0.0', '--when', 'driver.state == "unbinding"']
  const bisected = devtrail(['bisect', log, ...when, '--follow'])
  const flips = devtrail(['bisect', log, ...when, '--follow', '--all', '--json'])
  const never = devtrail(['bisect', log, '--device', 'pfn0.7', '--when', 'driver.state == "unbinding"', '--follow'])
  child.stdin!.end(lines.slice(120).join('\n'))
  expect(await ended).toBe(0)
  const whole = (await devtrail(['events', log, '--json'])).out
  const followed = await events
  expect(followed.code).toBe(0)
  expect(numbers(followed.out)).toEqual(numbers(whole))
  expect(numbers((await grabs).out)).toHaveLength(16)
  const { code, out } = await checked
  expect(code).toBe(1)
  expect(out).toContain('certain  kernel/warned at 9.333296')
  expect(await bisected).toEqual(await devtrail(['bisect', log, ...when]))
  const all = JSON.parse((await devtrail(['bisect', log, ...when, '--all', '--json'])).out) as { flips: object[] }
  expect((await flips).out).toBe(all.flips.map((flip) => `${JSON.stringify(flip)}\n`).join(''))
  expect(await never).toMatchObject({ code: 4, err: expect.stringContaining('no device ever went by the name "pfn0.7"') })
})
