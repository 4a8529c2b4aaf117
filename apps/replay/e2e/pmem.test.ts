/** `devtrail pmem` on the media of the real kernel, and on what should not be trusted. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BIN, ROOT, Scratch, type Run } from './devtrail.ts'

const MEDIA = join(ROOT, 'recordings/media')
const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const pmem = (args: readonly string[], stdin?: Uint8Array | string): Promise<Run> =>
  scratch.run(['pmem', ...args], stdin === undefined ? {} : { stdin })
const json = async (args: readonly string[]): Promise<any> => JSON.parse((await pmem([...args, '--json'])).out)

/** What `create` and `check` say of Linux 6.1; nothing: an empty text. */
const refusals = async (version: string, mode: string, ...more: string[]): Promise<string[]> => {
  const file = scratch.path(`refused-${version}-${mode}.img`)
  const created = await pmem(['create', file, '--mode', mode, '--size', '256M', '--superblock-version', version, '--force', ...more])
  const checked = await pmem(['check', file])
  expect([created.code, checked.code, checked.out]).toEqual([0, 0, 'clean\n'])
  return [created.err, checked.err].map((err) => /Linux 6\.1 .*? \(-E\w+\)[^:]*/.exec(err)?.[0] ?? '')
}

/** What it writes to stdout, as bytes. */
async function bytesOf(args: readonly string[], stdin?: Uint8Array): Promise<{ code: number; out: Buffer }> {
  const child = spawn(process.execPath, [BIN, 'pmem', ...args], { ...scratch.spawnOptions(), stdio: ['pipe', 'pipe', 'ignore'] })
  const chunks: Buffer[] = []
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stdin!.on('error', () => {})
  child.stdin!.end(stdin ?? '')
  const [code] = (await once(child, 'close')) as [number]
  return { code, out: Buffer.concat(chunks) }
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')
const image = (name: string): Buffer => zstdDecompressSync(readFileSync(join(MEDIA, `${name}.img.zst`)))

let btt: Buffer
beforeAll(() => {
  btt = image('btt-4096')
})

describe('what the kernel wrote', () => {
  const printed = readdirSync(MEDIA).filter((name) => name.endsWith('.infoblock.json'))

  // The others are held against ndctl where they are decoded.
  test.each(printed.filter((name) => /^(crash-b|pfn-v1\.[02])/.test(name)))('info: %s, field for field', async (name) => {
    const base = name.replace('.infoblock.json', '')
    const packed = readdirSync(MEDIA).find((file) => file.startsWith(`${base}.img`) || file.startsWith(`${base}.bin`))!
    const { schemaVersion, superblocks, ...told } = await json(['info', join(MEDIA, packed)])
    const [{ file: _, ...fields }] = JSON.parse(readFileSync(join(MEDIA, name), 'utf8'))
    expect(schemaVersion).toBe(1)
    expect(told).toMatchObject(fields)
    expect(Object.keys(superblocks[0]).slice(4)).toEqual(Object.keys(fields))
  })

  test('info: what ndctl printed on the machine itself', async () => {
    for (const [packed, text] of [
      ['btt-4096.img.zst', 'btt-4096.ndctl.txt'],
      ['info-fsdax-dev.bin.gz', 'info-fsdax-dev.ndctl.txt'],
      ['info-devdax-mem.bin.gz', 'info-devdax-mem.ndctl.txt'],
    ] as const) {
      const [, block] = /read 1 infoblock\n(\[[\s\S]*?\n\])/.exec(readFileSync(join(MEDIA, text), 'utf8'))!
      const [{ dev: _, ...fields }] = JSON.parse(block!)
      expect(await json(['info', join(MEDIA, packed)])).toMatchObject(fields)
    }
  })

  test.each([
    ['btt-4096', '77bd867e1f0eba13d88af8872b7b1bd4'],
    ['crash-a-4096', 'd205e1290b3d19ba8a01dd153fd83d3b'],
    ['crash-b-512', '1673f85874c3c1aa2b1e947907d10111'],
  ])('cat and check: %s', async (name, sum) => {
    const packed = join(MEDIA, `${name}.img.zst`)
    const { code, out } = await bytesOf(['cat', packed])
    expect([code, md5(out)]).toEqual([0, sum])
    expect(await json(['check', packed])).toMatchObject({ verdict: 'clean', faults: [], pending: [] })
  })
})

describe('streams and files', () => {
  test('stdin, plain or packed; a part of it is enough for info', async () => {
    for (const stdin of [btt.subarray(0, 65_536), gzipSync(btt.subarray(0, 65_536))]) {
      const { code, out, err } = await pmem(['info', '-', '--json'], stdin)
      expect([code, JSON.parse(out)]).toMatchObject([0, { external_nlba: 12_013, namespace: { capacity: 49_205_248 }, whole: false }])
      expect(err).toContain('does not hold all of it')
    }
  })

  test('single sectors; one that is not there is exit 4', async () => {
    const packed = join(MEDIA, 'btt-4096.img.zst')
    const { out } = await bytesOf(['cat', packed, '--from', '7', '--count', '1'])
    expect(out.subarray(0, 14).toString()).toBe('block 7 gen 2\n')
    expect(out).toHaveLength(4096)
    expect(await pmem(['cat', packed, '--from', '12013'])).toMatchObject({ code: 4, err: expect.stringContaining('the last one is 12012') })
  })

  test('a closed pipe is a quiet exit', async () => {
    const child = spawn(process.execPath, [BIN, 'pmem', 'cat', join(MEDIA, 'btt-4096.img.zst')], {
      ...scratch.spawnOptions(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.stdout!.once('data', () => child.stdout!.destroy())
    const [code] = (await once(child, 'close')) as [number]
    expect([code, err]).toEqual([0, ''])
  })

  test('nothing is left behind in the temporary folder', async () => {
    const temp = scratch.path('temp')
    mkdirSync(temp)
    const env = { TMPDIR: temp }
    await scratch.run(['pmem', 'info', join(MEDIA, 'btt-4096.img.zst')], { env })
    await scratch.run(['pmem', 'info', '-'], { env, stdin: gzipSync(btt).subarray(0, 2000) })
    expect(readdirSync(temp)).toEqual([])
  })
})

describe('create and write', () => {
  const uuid = '00112233-4455-6677-8899-aabbccddeeff'

  test.each([
    ['520', '2.0'],
    ['4096', '1.1'],
  ])('sectors of %s, version %s: made, written, read back, clean', async (sectorSize, version) => {
    const file = scratch.path(`made-${sectorSize}.img`)
    const args = ['--size', '17M', '--sector-size', sectorSize, '--superblock-version', version, '--uuid', uuid]
    expect(await pmem(['create', file, ...args])).toMatchObject({ code: 0, out: '' })
    const data = Buffer.from('0123456789'.repeat(2000))
    expect(await pmem(['write', file, '--at', '1000'], data)).toMatchObject({
      code: 0,
      err: expect.stringContaining('20 000 bytes written'),
    })
    const { out } = await bytesOf(['cat', file])
    expect(out.subarray(1000, 21_000)).toEqual(data)
    expect(out.subarray(0, 1000).equals(Buffer.alloc(1000))).toBe(true)
    expect(await json(['check', file])).toMatchObject({ verdict: 'clean' })
    expect(await json(['info', file])).toMatchObject({ uuid, version, external_lbasize: Number(sectorSize), whole: true })
  })

  test('fsdax and devdax', async () => {
    for (const version of ['1.0', '1.4']) {
      const file = scratch.path(`dax-${version}.img`)
      expect(await pmem(['create', file, '--mode', 'fsdax', '--size', '128M', '--superblock-version', version])).toMatchObject({ code: 0 })
      expect(await json(['info', file])).toMatchObject({
        signature: 'NVDIMM_PFN_INFO',
        version,
        dataoff: 4_194_304,
        npfns: 31_744,
        mode: 2,
      })
      expect(await json(['check', file])).toMatchObject({ verdict: 'clean' })
    }
    const file = scratch.path('dax.img')
    await pmem(['create', file, '--mode', 'devdax', '--map', 'mem', '--size', '32M'])
    expect(await json(['info', file])).toMatchObject({ signature: 'NVDIMM_DAX_INFO', dataoff: 2 << 20, mode: 1, align: 2 << 20 })
    await pmem(['write', file], 'hello')
    expect((await bytesOf(['cat', file])).out.subarray(0, 5).toString()).toBe('hello')
  })

  test('says when Linux 6.1 would refuse it, and what it made all the same', async () => {
    // As the kernel did in the lab: "bad offset: 0x600000 dax disabled align: 0x400000", "alignment mismatch: 2097152:4194304".
    const refused = 'Linux 6.1 on x86-64 makes no device of this superblock (-EOPNOTSUPP)'
    const [created, checked] = await refusals('1.1', 'fsdax')
    expect(created).toBe(`${refused} at address 0x0`)
    expect(checked).toContain(`${refused} where the namespace begins at a multiple of 1 GiB`)
    expect(await refusals('1.1', 'devdax')).toEqual([`${refused} at address 0x0`, `${refused}, wherever the namespace lies`])
    expect(await refusals('1.1', 'fsdax', '--start', '0x200000')).toEqual(['', checked])
    expect(await refusals('1.2', 'fsdax')).toEqual(['', ''])
    expect(await refusals('1.4', 'devdax', '--start', '0x200000')).toEqual(['', ''])
  })

  test('to stdout', async () => {
    const { code, out } = await bytesOf(['create', '-', '--size', '16M', '--superblock-version', '2.0'])
    expect([code, out.length]).toEqual([0, 16 << 20])
    expect(await pmem(['check', '-'], out)).toMatchObject({ code: 0, out: expect.stringContaining('clean') })
  })

  test('nothing is overwritten without --force, and an empty file is nothing', async () => {
    const file = scratch.write('precious.img', 'precious')
    expect(await pmem(['create', file, '--size', '16M'])).toMatchObject({ code: 2, err: expect.stringContaining('--force') })
    expect(readFileSync(file, 'utf8')).toBe('precious')
    const empty = scratch.write('empty.img', '')
    expect(await pmem(['create', empty, '--size', '17M'])).toMatchObject({ code: 0 })
    expect(statSync(empty).size).toBe(17 << 20)
    expect(await pmem(['create', empty, '--size', '17M', '--sector-size', '512'])).toMatchObject({ code: 2 })
    expect(await pmem(['create', empty, '--sector-size', '512', '--force'])).toMatchObject({ code: 0 })
    expect(await json(['info', empty])).toMatchObject({ external_lbasize: 512 })
  })

  test('--force on a larger file keeps what is beyond --size, its label area say', async () => {
    const file = scratch.path('labelled.img')
    writeFileSync(file, Buffer.concat([Buffer.alloc(16 << 20), Buffer.from('labels'), Buffer.alloc(100)]))
    expect(await pmem(['create', file, '--size', '16M', '--superblock-version', '2.0', '--force'])).toMatchObject({ code: 0 })
    expect(
      readFileSync(file)
        .subarray(16 << 20, (16 << 20) + 6)
        .toString(),
    ).toBe('labels')
    expect(await json(['check', file])).toMatchObject({ verdict: 'clean' })
  })

  test('wrong usage leaves no file', async () => {
    const file = scratch.path('never.img')
    for (const args of [
      ['--size', '1M'],
      ['--size', '16M'],
      ['--size', '32M', '--sector-size', '1000'],
      ['--size', '32M', '--superblock-version', '3.0'],
      ['--size', '32M', '--mode', 'fsdax', '--align', '1G'],
      [],
    ]) {
      expect([args, (await pmem(['create', file, ...args])).code]).toEqual([args, 2])
      expect(readdirSync(scratch.folder)).not.toContain('never.img')
    }
  })

  test('alignments that no kernel takes are refused', async () => {
    const file = scratch.path('align.img')
    for (const [mode, align] of [
      ['fsdax', '0'],
      ['fsdax', '8K'],
      ['devdax', '512M'],
    ] as const)
      expect([align, await pmem(['create', file, '--mode', mode, '--size', '1G', '--align', align])]).toMatchObject([
        align,
        { code: 2, err: expect.stringContaining(`--align ${align}: 4K, 2M or 1G`) },
      ])
    const tooSmall = await pmem(['create', file, '--mode', 'fsdax', '--size', '1G', '--align', '1G'])
    expect(tooSmall).toMatchObject({ code: 2, err: expect.stringContaining('take a larger --size or a smaller --align (-ENXIO)') })
    for (const align of ['4K', '1G']) {
      await pmem(['create', file, '--mode', 'devdax', '--size', '2G', '--align', align, '--force'])
      expect(await pmem(['check', file])).toMatchObject({ code: 0 })
    }
  }, 30_000)

  test('one writer at a time: the second is refused, what the first wrote stays, and one that was killed keeps nobody out', async () => {
    const file = scratch.path('shared.img')
    await pmem(['create', file, '--size', '17M'])
    const first = spawn(process.execPath, [BIN, 'pmem', 'write', file], { ...scratch.spawnOptions(), stdio: ['pipe', 'ignore', 'inherit'] })
    first.stdin!.write(Buffer.alloc(1 << 20, 1))
    await expect.poll(() => readdirSync(scratch.folder)).toContain('shared.img.lock')
    for (const args of [
      ['write', file],
      ['check', file, '--repair'],
      ['create', file, '--force'],
    ])
      expect(await pmem(args, 'x')).toMatchObject({ code: 1, err: expect.stringContaining(`in use: process ${first.pid} writes to it`) })
    expect((await pmem(['info', file])).err).toContain(`process ${first.pid} writes to ${file} at this moment`)
    first.stdin!.end(Buffer.alloc(1 << 20, 2))
    expect(await once(first, 'close')).toEqual([0, null])
    expect(readdirSync(scratch.folder)).not.toContain('shared.img.lock')
    expect((await bytesOf(['cat', file, '--count', '512'])).out).toEqual(
      Buffer.concat([Buffer.alloc(1 << 20, 1), Buffer.alloc(1 << 20, 2)]),
    )

    const killed = spawn(process.execPath, [BIN, 'pmem', 'write', file], {
      ...scratch.spawnOptions(),
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    await expect.poll(() => readdirSync(scratch.folder)).toContain('shared.img.lock')
    killed.kill('SIGKILL')
    await once(killed, 'close')
    expect(await pmem(['write', file], 'x')).toMatchObject({ code: 0 })
    expect(await pmem(['check', file])).toMatchObject({ code: 0, err: '' })
  }, 30_000)

  test('what is more than there is room for is said, and so is what was written', async () => {
    const file = scratch.path('full.img')
    await pmem(['create', file, '--size', '17M'])
    const { code, err } = await pmem(['write', file, '--at', String(4083 * 4096)], Buffer.alloc(1_000_000, 1))
    expect([code, err]).toEqual([1, expect.stringContaining('is full')])
    expect(await pmem(['write', file, '--at', '1G'], 'x')).toMatchObject({ code: 4 })
    expect(await pmem(['write', join(MEDIA, 'btt-4096.img.zst')], 'x')).toMatchObject({ code: 2, err: expect.stringContaining('packed') })
  })
})

/** Of a namespace of 17 MiB with 4096-byte sectors: where map and log are. */
const MAP = 17_788_928
const LOG = 17_805_312

describe('damage', () => {
  let small: Buffer
  beforeAll(async () => {
    const file = scratch.path('small.img')
    await pmem(['create', file, '--size', '17M', '--superblock-version', '2.0'])
    await pmem(['write', file, '--at', String(4096 * 5)], Buffer.alloc(4096 * 3, 7))
    small = readFileSync(file)
  })

  const bad = (name: string, change: (bytes: Buffer) => Buffer | void): string => {
    const bytes = Buffer.from(small)
    return scratch.write(`${name}.img`, change(bytes) ?? bytes)
  }

  test('a superblock with a wrong checksum: shown, and exit 3 everywhere', async () => {
    const file = bad('checksum', (bytes) => void (bytes[60]! ^= 1))
    expect(await pmem(['info', file])).toMatchObject({ code: 3, out: expect.stringContaining('damaged: its checksum is 0x') })
    for (const what of ['cat', 'write']) expect(await pmem([what, file], '')).toMatchObject({ code: 3, out: '' })
  })

  test('a superblock that is gone: raw, but the second one is found', async () => {
    const file = bad('signature', (bytes) => void (bytes[0] = 0))
    expect(await pmem(['info', file])).toMatchObject({ code: 0, err: expect.stringContaining(String(LOG + 16_384)) })
    expect(await pmem(['check', file])).toMatchObject({ code: 3, err: expect.stringContaining('check --repair puts it back') })
  })

  test('a device that was cut or is empty', async () => {
    const cut = bad('cut', (bytes) => bytes.subarray(0, 4 << 20))
    expect(await pmem(['check', cut])).toMatchObject({ code: 3 })
    expect(await pmem(['info', scratch.write('tiny.img', 'tiny')])).toMatchObject({ code: 3, err: expect.stringContaining('4 bytes') })
    expect(await pmem(['info', scratch.write('nil.img', '')])).toMatchObject({ code: 3 })
    expect(await pmem(['info', scratch.path('nowhere.img')])).toMatchObject({ code: 3 })
    expect(await pmem(['info', scratch.folder])).toMatchObject({ code: 2 })
    expect(await pmem(['info', scratch.write('cut.gz', gzipSync(btt).subarray(0, 5000))])).toMatchObject({ code: 3 })
    expect(await pmem(['info', scratch.write('x.xz', Buffer.from('fd377a585a0000', 'hex'))])).toMatchObject({ code: 3 })
    expect(await pmem(['info', 'nosuch'])).toMatchObject({ code: 3, err: 'devtrail: nosuch: there is no such file or folder (ENOENT)\n' })
    expect(await pmem(['write', scratch.write('any.img', ''), '--input', '.'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--input . is a folder'),
    })
  })

  test('a map or log that contradicts itself: exit 1, with where', async () => {
    const file = bad('map', (bytes) => void bytes.writeUInt32LE(0xc000_0009, MAP + 4 * 900))
    const { code, out } = await pmem(['check', file])
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^broken {3}arena 0, byte 1779\d+: block 9 is sector 900's and somebody else's$/m),
    ])
    const beyond = bad('beyond', (bytes) => void bytes.writeUInt32LE(0xffff_ffff, MAP))
    expect(await pmem(['cat', beyond, '--count', '1'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('sector 0 cannot be read (-EIO)'),
    })
    const equal = bad('log', (bytes) => void bytes.writeUInt32LE(bytes.readUInt32LE(LOG + 12), LOG + 16 + 12))
    expect(await pmem(['check', equal])).toMatchObject({ code: 1, out: expect.stringContaining('the log of lane 0 has sequence numbers') })
    expect(await pmem(['cat', equal])).toMatchObject({ code: 3, err: expect.stringContaining('log corruption') })
  })

  test('a write that the map does not show yet: shown as done, told, and left alone', async () => {
    // Sector 7 was written last, on lane 0.
    const file = bad('pending', (bytes) => void bytes.writeUInt32LE(0, MAP + 7 * 4))
    const before = md5(readFileSync(file))
    expect(await pmem(['check', file])).toMatchObject({ code: 0, out: expect.stringContaining('consistent after recovery') })
    expect((await pmem(['check', file, '--strict'])).code).toBe(1)
    expect((await bytesOf(['cat', file, '--from', '7', '--count', '1'])).out).toEqual(Buffer.alloc(4096, 7))
    expect(md5(readFileSync(file))).toBe(before)
  })

  test('fsdax: data beyond the image, an unknown mode', async () => {
    const beginning = gunzipSync(readFileSync(join(MEDIA, 'info-fsdax-dev.bin.gz')))
    const file = scratch.write('fsdax.bin', beginning)
    expect(await pmem(['check', file])).toMatchObject({
      code: 3,
      out: expect.stringContaining('the data end at byte 268435456, of 65536: the image was cut'),
    })
    const inJson = await pmem(['check', file, '--json'])
    expect([inJson.code, JSON.parse(inJson.out)]).toMatchObject([3, { verdict: 'broken', faults: [{ kind: 'info' }], repairable: [] }])
    expect(await pmem(['cat', file])).toMatchObject({ code: 3, err: expect.stringContaining('it was cut') })
  })

  test('usage', async () => {
    expect((await pmem([])).code).toBe(2)
    expect((await pmem(['info'])).code).toBe(2)
    expect((await pmem(['mend', 'x'])).code).toBe(2)
    expect(await pmem(['cat', join(MEDIA, 'btt-4096.img.zst'), '--json'])).toMatchObject({ code: 2 })
  })
})
