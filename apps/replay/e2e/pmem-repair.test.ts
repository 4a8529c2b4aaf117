/** `devtrail pmem check --repair` on damaged copies of what the real kernel wrote, and images that are not what they should be. */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { fletcher64 } from '@devtrail/nvdimm-pmem/media'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BIN, ROOT, Scratch, type Run } from './devtrail.ts'

const MEDIA = join(ROOT, 'recordings/media')
const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const pmem = (args: readonly string[], stdin: Uint8Array | string = ''): Promise<Run> => scratch.run(['pmem', ...args], { stdin })
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

let whole: Buffer
/** Of its only arena: where its copy of the info block is, and its map. */
const INFO2 = 50_327_552
const MAP = 50_262_016
beforeAll(() => {
  whole = zstdDecompressSync(readFileSync(join(MEDIA, 'crash-a-4096.img.zst')))
})

function damaged(name: string, damage: (bytes: Buffer) => void): string {
  const bytes = Buffer.from(whole)
  damage(bytes)
  return scratch.write(`${name}.img`, bytes)
}

describe('check --repair', () => {
  test('an info block that is gone: told without writing, put back, and all is as it was', async () => {
    const file = damaged('gone', (bytes) => void bytes.fill(0, 0, 4096))
    const before = sha(readFileSync(file))
    expect(await pmem(['check', file])).toMatchObject({ code: 3, out: '', err: expect.stringContaining('check --repair puts it back') })
    expect(sha(readFileSync(file))).toBe(before)
    const { code, out, err } = await pmem(['check', file, '--repair'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(
      /^repaired arena 0, byte 0: the info block by its copy at byte 50327552\nclean: 12 013 sectors, \d+ of them written\n$/,
    )
    expect(sha(readFileSync(file))).toBe(sha(whole))
    expect(await pmem(['check', file, '--repair'])).toMatchObject({ code: 0, err: expect.stringContaining('nothing to repair') })
  })

  test('a copy that differs and writes that the map does not show', async () => {
    // The last write of the lane that wrote sector 1 last: its map entry as it was before.
    const [lba, old] = lastWriteOf(whole)
    const file = damaged('both', (bytes) => {
      bytes[INFO2 + 48]! ^= 1
      bytes.writeUInt32LE((0xc000_0000 | old) >>> 0, MAP + lba * 4)
    })
    const found = await scratch.run(['pmem', 'check', file, '--json'])
    expect(JSON.parse(found.out)).toMatchObject({
      verdict: 'broken',
      pending: [{ lba, old }],
      repairable: [
        { kind: 'map', at: MAP + lba * 4 },
        { kind: 'info2', at: INFO2, replaces: 'remains' },
      ],
    })
    expect(found.err).toContain('--repair puts 1 of these right')
    const { code, out } = await scratch.run(['pmem', 'check', file, '--repair', '--json'])
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { verdict: 'clean', faults: [], pending: [], repaired: [{ kind: 'map' }, { kind: 'info2' }] },
    ])
    expect(sha(readFileSync(file))).toBe(sha(whole))
  })

  test('what is there only once stays as it is: exit 1', async () => {
    const file = damaged('map', (bytes) => void bytes.writeUInt32LE(0xffff_ffff, MAP))
    const before = sha(readFileSync(file))
    const { code, out, err } = await pmem(['check', file, '--repair'])
    expect([code, out, err]).toEqual([
      1,
      expect.stringContaining('the map has sector 0 in block'),
      expect.stringContaining('cannot be put right'),
    ])
    expect(sha(readFileSync(file))).toBe(before)
  })

  test('something else in the place of the info block: only with --force', async () => {
    const file = damaged('ext4', (bytes) => void bytes.fill('something else', 1024, 2048).fill(0, 0, 512))
    const before = sha(readFileSync(file))
    expect(await pmem(['check', file, '--repair'])).toMatchObject({ code: 2, err: expect.stringContaining('something else is now') })
    expect(sha(readFileSync(file))).toBe(before)
    expect(await pmem(['check', file, '--force'])).toMatchObject({ code: 2 })
    expect(await pmem(['check', file, '--repair', '--force'])).toMatchObject({ code: 0 })
    expect(sha(readFileSync(file))).toBe(sha(whole))
  })

  test('what is packed, a pipe, fsdax or no namespace', async () => {
    const dax = scratch.write('dax.img', gunzipSync(readFileSync(join(MEDIA, 'info-fsdax-dev.bin.gz'))))
    const nothing = scratch.write('nothing.img', Buffer.alloc(65_536))
    const runs = [join(MEDIA, 'btt-4096.img.zst'), '-', nothing, dax].map((image) => pmem(['check', image, '--repair']))
    expect(await Promise.all(runs)).toMatchObject([
      { code: 2, err: expect.stringContaining('packed') },
      { code: 2 },
      { code: 3, err: expect.stringContaining('no superblock') },
      // These are the first 64 KiB of 256 MiB.
      { code: 3, err: expect.stringContaining('only a BTT') },
    ])
  })
})

/** The newest log entry of a lane whose write the map shows: the sector, and the block that it was in before. */
function lastWriteOf(bytes: Buffer): readonly [lba: number, old: number] {
  const LOG = 50_311_168
  for (let lane = 0; lane < 256; lane++) {
    const slots = [0, 1].map((slot) => [0, 4, 8, 12].map((at) => bytes.readUInt32LE(LOG + lane * 64 + slot * 16 + at)))
    for (const [lba, old, block, seq] of slots as [number, number, number, number][])
      if (seq !== 0 && old !== block && bytes.readUInt32LE(MAP + lba * 4) === (0xc000_0000 | block) >>> 0) return [lba, old]
  }
  throw new Error('no lane has written')
}

describe('labels', () => {
  const AREA = 50_331_648

  test('of a whole backing file: which namespaces there are', async () => {
    const { code, out, err } = await pmem(['info', join(MEDIA, 'crash-b-512.img.zst'), '--json'])
    const { labels, parent_uuid: uuid } = JSON.parse(out)
    expect([code, err, labels]).toEqual([
      0,
      '',
      {
        at: AREA,
        version: '1.2',
        namespaces: [{ slot: expect.any(Number), uuid, name: '', claim: 'btt2', lbasize: 512, dpa: 0, rawsize: AREA }],
        damaged: [],
      },
    ])
  })

  test('one that does not say that it is a BTT, as the kernel leaves it while a namespace is made anew: raw, to the kernel', async () => {
    const file = damaged('unclaimed', (bytes) => {
      for (let at = AREA + 512; at < bytes.length; at += 256) if (bytes[at] !== 0) unclaim(bytes.subarray(at, at + 256))
    })
    const { code, err } = await pmem(['info', file])
    expect([code, err]).toEqual([0, expect.stringContaining('claims the namespace as nothing, not as a BTT of version 2.0')])
  })
})

/** A label without what it is claimed as, and with the checksum of that. */
function unclaim(label: Buffer): void {
  label.fill(0, 144, 160).fill(0, 248)
  label.writeBigUInt64LE(fletcher64(label), 248)
}

describe('images that are not what they should be', () => {
  test('a pipe by its name', async () => {
    const fifo = scratch.path('fifo')
    execFileSync('mkfifo', [fifo])
    const feeding = pipeline(createReadStream(join(MEDIA, 'btt-4096.img.zst')), createWriteStream(fifo))
    const run = await pmem(['check', fifo])
    await feeding
    expect(run).toMatchObject({ code: 0, out: expect.stringContaining('clean') })
  })

  test('what has no end', async () => {
    expect(await pmem(['info', '/dev/zero'])).toMatchObject({ code: 2, err: expect.stringContaining('head -c 65536 /dev/zero') })
  })

  test('sparse files of more than 4 GiB: sectors beyond it are written and read, the rest stays a hole', async () => {
    const file = scratch.write('sparse.img', '')
    expect((await pmem(['create', file, '--size', '6G'])).code).toBe(0)
    await pmem(['write', file, '--at', '5G'], 'hello')
    expect((await pmem(['cat', file, '--from', String((5 * 2 ** 30) / 4096), '--count', '1'])).out.slice(0, 5)).toBe('hello')
    expect((await pmem(['check', file])).out).toMatch(/^clean: 1 571 065 sectors, 1 of them written/)
  })

  test('places that no number, or no image, has', async () => {
    const file = scratch.write('plain.img', Buffer.alloc(65_536))
    const all = [
      [2, 'info', file, '--offset', '9007199254740993'],
      [3, 'info', file, '--offset', '9007199254740991'],
      [2, 'info', file, '--offset', '-1'],
      [3, 'info', file, '--size', '0'],
      [2, 'cat', file, '--from', '99999999999999999999'],
      [4, 'cat', file, '--from', '9007199254740991', '--count', '9007199254740991'],
    ] as const
    const codes = await Promise.all(all.map(async (one) => (await pmem(one.slice(1) as string[])).code))
    expect(codes).toEqual(all.map(([code]) => code))
  })

  test('an odd number of bytes is as many whole sectors', async () => {
    const file = scratch.write('odd.img', Buffer.alloc(8703, 1))
    const { out } = await pmem(['info', file, '--json'])
    expect(JSON.parse(out)).toMatchObject({ namespace: { mode: 'raw', capacity: 8192 } })
    expect((await pmem(['cat', file])).out).toHaveLength(8192)
  })

  test('one that shrinks while it is read: exit 3, and nothing made up', async () => {
    const file = scratch.write('shrinks.img', whole)
    const child = spawn(process.execPath, [BIN, 'pmem', 'cat', file], { ...scratch.spawnOptions(), stdio: ['ignore', 'pipe', 'pipe'] })
    let err = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    await once(child.stdout!, 'readable')
    truncateSync(file, 8 << 20)
    let bytes = 0
    child.stdout!.on('data', (chunk: Buffer) => (bytes += chunk.length))
    const [code] = (await once(child, 'close')) as [number]
    expect([code, err]).toEqual([3, expect.stringContaining('cannot be read')])
    expect(bytes).toBeLessThan(49_205_248)
  })

  test.skipIf(process.getuid?.() === 0)('one that must not be written', async () => {
    const file = scratch.path('read-only.img')
    writeFileSync(file, whole, { mode: 0o400 })
    for (const args of [
      ['write', file],
      ['check', file, '--repair'],
    ])
      expect(await pmem(args, 'x')).toMatchObject({ code: 3 })
  })
})
