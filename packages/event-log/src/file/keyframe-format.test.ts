import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'

// A reader from FORMAT.md alone: it uses nothing of this package.

function seed(logId: Buffer, fold: string, seq: number): number {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(seq))
  return crc32(Buffer.concat([logId, Buffer.from(fold, 'latin1'), bytes]))
}

class Input {
  at: number
  readonly bytes: Buffer
  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }
  take(n: number): Buffer {
    this.at += n
    return this.bytes.subarray(this.at - n, this.at)
  }
  varint(): number {
    const [byte] = this.take(1)
    return byte! < 128 ? byte! : byte! - 128 + 128 * this.varint()
  }
  string(): string {
    const code = this.varint()
    return this.take(code >> 1).toString(code % 2 === 0 ? 'utf8' : 'utf16le')
  }
}

function partsOf(log: string, fold: string, at: number): Map<string, Buffer> {
  const file = (seq: number): Buffer => readFileSync(join(log, 'keyframes', fold, `${String(seq).padStart(12, '0')}.kf`))
  const logId = Buffer.from((JSON.parse(readFileSync(join(log, 'log.json'), 'utf8')) as { id: string }).id, 'hex')
  const own = file(at)
  expect(own.toString('latin1', 0, 8)).toBe('KEYFRAME')
  expect([own.readUInt16LE(8), own.subarray(16, 24), own.readBigUInt64LE(24)]).toStrictEqual([1, logId, BigInt(at)])
  expect(own.readBigUInt64LE(32)).toBe(BigInt(at + 2))
  expect(own.readUInt32LE(60)).toBe(crc32(own.subarray(0, 60), seed(logId, fold, at)))
  const input = new Input(own, own.readUInt32LE(40))
  expect(input.at + own.readUInt32LE(44)).toBe(own.length)
  expect(own.readUInt32LE(48)).toBe(crc32(own.subarray(input.at), seed(logId, fold, at)))
  const seqs = [at]
  for (let left = input.varint(), seq = 0; left > 0; left--) seqs.push((seq += input.varint()))
  const parts = new Map<string, Buffer>()
  for (let left = own.readUInt32LE(12); left > 0; left--) {
    const name = input.string()
    const seq = seqs[input.varint()]!
    const start = input.varint()
    const stored = file(seq).subarray(start, start + input.varint())
    const isPacked = input.take(1)[0] === 1
    const bytes = isPacked ? input.varint() : stored.length
    expect(input.take(4).readUInt32LE()).toBe(crc32(stored, seed(logId, fold, seq)))
    parts.set(name, isPacked ? zstdDecompressSync(stored) : stored)
    expect(parts.get(name)).toHaveLength(bytes)
  }
  expect(input.at).toBe(own.length)
  return parts
}

test('a reader written from FORMAT.md alone finds all parts of a keyframe', async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-format-'))
  try {
    const writer = await createFileLog(join(root, 'log'), sampleMeta(), sampleVocabulary)
    await writer.append(sampleEvents(300, { baseline: 2 }))
    const parts = { large: Buffer.alloc(90_000, 'abc'), raw: Buffer.of(1, 2, 3), empty: Buffer.alloc(0) }
    await writer.keyframe('other-1', { at: 7, since: null, parts: Object.entries(parts) })
    await writer.keyframe('other-1', { at: 200, since: 7, parts: [['raw', Buffer.of(4)]] })
    await writer.keyframe('other-1', { since: 200, parts: [['more', Buffer.alloc(5000)]] })
    await writer.close()
    const now = { ...parts, raw: Buffer.of(4), more: Buffer.alloc(5000) }
    expect(Object.fromEntries(partsOf(join(root, 'log'), 'other-1', 300))).toStrictEqual(now)
    expect(Object.fromEntries(partsOf(join(root, 'log'), 'other-1', 7))).toStrictEqual(parts)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
