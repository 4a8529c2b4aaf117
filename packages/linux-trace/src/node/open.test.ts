import { mkdir, mkdtemp, readdir, readlink, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseCpuStats } from '../cpu-stats.ts'
import { RecordingError } from '../errors.ts'
import type { ImportSummary } from '../import/contract.ts'
import { importRecording } from '../import/importer.ts'
import { notToFollow } from './foreign.ts'
import { openRecording } from './open.ts'

const HEADER = '# entries-in-buffer/entries-written: 2/2   #P:2\n'
const TRACE = `${HEADER}   sh-1 [000] ..... 1.000001: a: x\n   sh-1 [000] ..... 1.000002: b: y\n`
/** The beginning of a trace.dat, and nothing else of it. */
const DAT = new Uint8Array([0x17, 0x08, 0x44, ...new TextEncoder().encode('tracing'), 0x37, 0])
const STARTED = '##### CPU 1 buffer started ####\n'

let folder: string
const put = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(folder, name), content)

async function textOf(path: string): Promise<string> {
  const { recording } = await openRecording(path)
  const decoder = new TextDecoder()
  let text = ''
  if (typeof recording.trace === 'function') throw new Error('a small trace is read without a thread')
  for await (const chunk of recording.trace) text += decoder.decode(chunk, { stream: true })
  return text
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devtrail-open-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('a folder', () => {
  it('is its trace and what was noted beside it, never what was noted afterwards', async () => {
    await put('trace.txt', TRACE)
    await put('iomem.before', 'before')
    await put('iomem.after', 'after')
    await put('kprobe_events.txt', 'p:a b')
    await put('uname.txt', 'Linux')
    const { recording } = await openRecording(folder)
    const { trace: _, foresee: __, ...parts } = recording
    expect(parts).toEqual({ name: folder.split('/').at(-1), iomem: 'before', kprobeEvents: 'p:a b', uname: 'Linux' })
    expect(await textOf(folder)).toBe(TRACE)
  })

  it('may hold the trace gzipped; a plain one comes first', async () => {
    await put('trace.txt.gz', gzipSync(TRACE))
    expect(await textOf(folder)).toBe(TRACE)
    await put('trace.txt', HEADER)
    expect(await textOf(folder)).toBe(HEADER)
  })

  it('without a trace is refused with what was expected', async () => {
    await expect(openRecording(folder)).rejects.toThrow(
      new RecordingError(`${folder} has no trace: expected trace.txt, trace.txt.gz, trace.dat, trace.dat.gz`),
    )
    await mkdir(join(folder, 'trace.txt'))
    await expect(openRecording(folder)).rejects.toThrow('has no trace')
  })

  it('may hold a trace.dat, which is taken where there is no text', async () => {
    await put('trace.dat', DAT)
    await put('uname.txt', 'Linux')
    const { recording } = await openRecording(folder)
    expect(recording).toMatchObject({ name: basename(folder), uname: 'Linux', trace: expect.any(Function) as unknown })
    await put('trace.txt', TRACE)
    expect(await textOf(folder)).toBe(TRACE)
  })

  it('may hold what each CPU lost, as tracefs has it', async () => {
    await put('trace.txt', TRACE)
    for (const cpu of [0, 1, 10]) await mkdir(join(folder, `per_cpu/cpu${cpu}`), { recursive: true })
    for (const cpu of [0, 10]) await put(`per_cpu/cpu${cpu}/stats`, `entries: 0\ndropped events: ${cpu + 1}\n`)
    const opened = await openRecording(folder)
    expect(parseCpuStats(opened.recording.stats ?? '').map(({ cpu, dropped }) => [cpu, dropped])).toEqual([
      [0, 1],
      [10, 11],
    ])
    const before = await opened.fingerprint()
    await put('per_cpu/cpu10/stats', 'entries: 0\n')
    expect(await (await openRecording(folder)).fingerprint()).not.toBe(before)
    await put('stats.txt', 'CPU: 3\ndropped events: 7\n')
    expect((await openRecording(folder)).recording.stats).toBe('CPU: 3\ndropped events: 7\n')
  })

  it('with a part that is far too large is refused with its size', async () => {
    await put('trace.txt', TRACE)
    await put('iomem.before', '')
    await truncate(join(folder, 'iomem.before'), (64 << 20) + 1)
    await expect(openRecording(folder)).rejects.toThrow(
      `${join(folder, 'iomem.before')} has 67108865 bytes; expected a text of at most 67108864`,
    )
    await truncate(join(folder, 'iomem.before'), 64 << 20)
    await expect(openRecording(folder)).resolves.toBeDefined()
  })
})

const summaryOf = async (path: string): Promise<ImportSummary> =>
  importRecording((await openRecording(path)).recording, { event: () => {}, kept: () => {} })

describe('a file', () => {
  it('that is named as a trace brings its folder with it', async () => {
    await put('trace.txt', TRACE)
    await put('uname.txt', 'Linux')
    expect((await openRecording(join(folder, 'trace.txt'))).recording).toMatchObject({ uname: 'Linux' })
  })

  it('of any other name stands alone, gzipped or not, by its content', async () => {
    await put('mine', gzipSync(TRACE))
    await put('uname.txt', 'Linux')
    const { recording } = await openRecording(join(folder, 'mine'))
    expect(recording).toMatchObject({ name: 'mine' })
    expect(recording.uname).toBeUndefined()
    expect(await textOf(join(folder, 'mine'))).toBe(TRACE)
  })

  it('that does not exist is refused with what was expected', async () => {
    const path = join(folder, 'nowhere')
    await expect(openRecording(path)).rejects.toThrow(
      new RecordingError(`${path} does not exist; expected a recording's folder or a trace file`),
    )
  })

  it('that is a trace.dat, gzipped, is one too: it says what the text says', async () => {
    const splice = join(import.meta.dirname, '../../../../recordings/linux-6.1/fsdax-splice')
    const { entries, complete } = await summaryOf(splice)
    expect(await summaryOf(join(splice, 'trace.v6.dat.gz'))).toMatchObject({ entries, complete })
  })

  it('that is a trace.dat, gzipped and cut, or made to fill the disk, is refused', async () => {
    const path = join(folder, 'x.dat.gz')
    const noise = Buffer.from(Array.from({ length: 90_000 }, (_, i) => (i * i * 2654435761) % 251))
    const packed = gzipSync(Buffer.concat([DAT, noise]))
    await writeFile(path, packed.subarray(0, packed.length - 100))
    await expect(summaryOf(path)).rejects.toThrow(`${path}: the gzip data is damaged or cut`)
    await writeFile(path, gzipSync(Buffer.concat([DAT, Buffer.alloc(120 << 20)])))
    await expect(summaryOf(path)).rejects.toThrow('more than 200 times as large unpacked')
  })

  it('that begins like a trace.dat is one, whatever its name', async () => {
    await put('x.bin', DAT)
    const { recording } = await openRecording(join(folder, 'x.bin'))
    const reading = importRecording(recording, { event: () => {}, kept: () => {} })
    await expect(reading).rejects.toThrow(/the trace\.dat is damaged or cut at byte \d+/)
  })
})

describe('what is no text', () => {
  it.each([
    ['zstd', zstdCompressSync(TRACE), 'packed with zstd: unpack it first'],
    ['UTF-16', Buffer.from(`\ufeff${TRACE}`, 'utf16le'), 'in UTF-16: convert it first'],
    ['packed twice', gzipSync(gzipSync(TRACE)), 'packed with gzip twice'],
  ])('%s is refused with what it is', async (_, bytes, says) => {
    await put('mine', bytes)
    const path = join(folder, 'mine')
    await expect(textOf(path)).rejects.toThrow(RecordingError)
    await expect(textOf(path)).rejects.toThrow(`${path} is ${says}`)
  })

  it('can even less be read as it grows', () => {
    expect(notToFollow(DAT)).toContain('import it without --follow')
    expect(notToFollow(gzipSync(TRACE))).toContain('import it without --follow')
    expect(notToFollow(new TextEncoder().encode(TRACE))).toBeNull()
  })
})

/** The files of the recording that this process has open. */
const openFiles = async (): Promise<string[]> => {
  const fds = await readdir('/proc/self/fd')
  const targets = await Promise.all(fds.map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')))
  return targets.filter((target) => target.startsWith(folder))
}

describe('a gzipped trace', () => {
  const noise = Array.from({ length: 3000 }, (_, i) => `   sh-1 [000] ..... ${i}.000001: a: ${(i * 2654435761) % 4294967296}\n`).join('')
  const large = gzipSync(HEADER + noise)

  it.each([
    ['cut', large.subarray(0, large.length / 2)],
    ['damaged', large.map((b, i) => (i > large.length / 2 && i < large.length / 2 + 200 ? b ^ 0x5a : b))],
  ])('that is %s is refused with its path', async (_, bytes) => {
    await put('trace.txt.gz', bytes)
    const path = join(folder, 'trace.txt.gz')
    await expect(textOf(folder)).rejects.toThrow(RecordingError)
    await expect(textOf(folder)).rejects.toThrow(`${path}: the gzip data is damaged or cut`)
  })

  it('leaves no file open behind it, read to its end or not', async () => {
    await put('trace.txt.gz', large)
    for (let i = 0; i < 5; i++) {
      await textOf(folder)
      await openRecording(folder)
    }
    await expect.poll(openFiles).toEqual([])
  })
})

describe('the CPUs whose buffer begins late', () => {
  it('are found when the header says that entries were overwritten', async () => {
    await put('trace.txt', `# entries-in-buffer/entries-written: 2/9   #P:2\n${TRACE.slice(HEADER.length)}${STARTED}`)
    expect((await (await openRecording(folder)).recording.foresee!()).lateCpus).toEqual([1])
  })

  it('are not looked for otherwise', async () => {
    await put('trace.txt', TRACE + STARTED)
    expect(await (await openRecording(folder)).recording.foresee!()).toMatchObject({ lateCpus: null, blind: [] })
  })
})

const print = async (): Promise<string> => (await openRecording(folder)).fingerprint()

describe('the fingerprint', () => {
  it('is the same for the same content, and another when any part changes, comes or goes', async () => {
    await put('trace.txt', TRACE)
    const first = await print()
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(await print()).toBe(first)
    await put('iomem.before', 'a')
    const second = await print()
    await put('iomem.before', 'b')
    const third = await print()
    await put('trace.txt', `${TRACE} `)
    const fourth = await print()
    expect(new Set([first, second, third, fourth]).size).toBe(4)
  })

  it('does not see what was noted afterwards', async () => {
    await put('trace.txt', TRACE)
    const before = await print()
    await put('iomem.after', 'x')
    expect(await print()).toBe(before)
  })

  it('tells content that only moved from one part to another', async () => {
    await put('trace.txt', TRACE)
    await put('iomem.before', 'ab')
    await put('mounts.before', '')
    const before = await print()
    await put('iomem.before', '')
    await put('mounts.before', 'ab')
    expect(await print()).not.toBe(before)
  })
})

describe('-', () => {
  it('is stdin, which can be read once and so has no fingerprint', async () => {
    const { recording, fingerprint } = await openRecording('-')
    expect(recording.name).toBe('stdin')
    expect(recording.trace).toBe(process.stdin)
    await expect(fingerprint()).rejects.toThrow('a trace on stdin has no fingerprint: it can be read only once')
  })
})
