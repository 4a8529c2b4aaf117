/** Two writers of one image lose each other's sectors, so there is one: here, in another process, and after one that was killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FileMedium } from './file-medium.ts'
import { ImageInUseError, writerOf } from './write-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'devtrail-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let made = 0
function image(): string {
  const path = join(folder, `${made++}.img`)
  writeFileSync(path, new Uint8Array(8192))
  return path
}

const writing = (path: string): FileMedium => new FileMedium(path, { writable: true })

const SOURCE = JSON.stringify(join(import.meta.dirname, 'file-medium.ts'))

/** A process that has an image open for writing until it is killed; it says so first. */
async function writer(path: string): Promise<ChildProcess> {
  const code = `const { FileMedium } = await import(${SOURCE})
    globalThis.kept = new FileMedium(${JSON.stringify(path)}, { writable: true })
    console.log('open')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--conditions=@devtrail/source', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout!, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** An image with the lock of this very process, but for some fields. */
function leftBy(other: object): string {
  const path = image()
  const medium = writing(path)
  const own = JSON.parse(readFileSync(`${path}.lock`, 'utf8')) as object
  medium[Symbol.dispose]()
  writeFileSync(`${path}.lock`, JSON.stringify({ ...own, ...other }))
  return path
}

describe('in one process', () => {
  test('a second writer is refused as long as the first is open, readers are not', () => {
    const path = image()
    const first = writing(path)
    expect(() => writing(path)).toThrow(ImageInUseError)
    expect(() => writing(path)).toThrow(`${path} is in use: process ${process.pid} writes to it; wait for its end`)
    using reader = new FileMedium(path)
    expect(reader.load32(0)).toBe(0)
    expect(writerOf(path)).toMatchObject({ pid: process.pid })
    first[Symbol.dispose]()
    expect(writerOf(path)).toBeNull()
    writing(path)[Symbol.dispose]()
    expect(readdirSync(folder).filter((name) => name.startsWith(`${made - 1}.`))).toEqual([`${made - 1}.img`])
  })

  test('by a link as well', () => {
    const path = image()
    symlinkSync(path, `${path}.link`)
    using _ = writing(path)
    expect(() => writing(`${path}.link`)).toThrow(ImageInUseError)
  })

  test('what is made is locked', () => {
    const path = join(folder, 'made.img')
    using _ = FileMedium.create(path, 8192)
    expect(() => writing(path)).toThrow(ImageInUseError)
  })
})

describe('in two', () => {
  test('the second is refused and told of the first; one that was killed keeps nobody out', async () => {
    const path = image()
    const child = await writer(path)
    expect(() => writing(path)).toThrow(`process ${child.pid} writes to it`)
    expect(writerOf(path)?.pid).toBe(child.pid)
    await kill(child)
    expect(existsSync(`${path}.lock`)).toBe(true)
    expect(writerOf(path)).toBeNull()
    using mine = writing(path)
    mine.store32(0, 1)
    expect(writerOf(path)?.pid).toBe(process.pid)
    expect(existsSync(`${path}.lock.taking-over`)).toBe(false)
  })
})

describe('a lock file that was left', () => {
  test.each([
    ['its number is another process by now', { started: '1' }],
    ['before the machine was started again', { boot: 'another' }],
    ['no such process', { pid: 2 ** 30 }],
  ])('taken over: %s', (_, other) => {
    using medium = writing(leftBy(other))
    expect(writerOf(medium.path)?.pid).toBe(process.pid)
  })

  test.each([
    ['of another host', { host: 'elsewhere', pid: 2 ** 30 }, 'process 1073741824 on elsewhere writes to it; wait for its end, or remove '],
    [
      'of a container',
      { pids: 'pid:[1]', pid: 2 ** 30 },
      'process 1073741824 of another container writes to it; wait for its end, or remove ',
    ],
  ])('kept: %s', (_, other, says) => {
    const path = leftBy(other)
    expect(() => writing(path)).toThrow(says)
    expect(existsSync(`${path}.lock`)).toBe(true)
  })

  test('not of devtrail: kept, and the message says what to do', () => {
    const path = image()
    for (const text of ['', 'null', '{"pid":"1"}', '{"pid":-1,"host":"a"}']) {
      writeFileSync(`${path}.lock`, text)
      expect(() => writing(path)).toThrow(`${path}.lock is there, and not of devtrail; remove it if nobody writes`)
    }
  })

  test('while another takes it over nobody else does', () => {
    const path = leftBy({ pid: 2 ** 30 })
    writeFileSync(`${path}.lock.taking-over`, '1')
    expect(() => writing(path)).toThrow('its lock is being taken over; try again')
  })
})
