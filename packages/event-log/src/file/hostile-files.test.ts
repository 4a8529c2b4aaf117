/// <reference lib="esnext.disposable" />
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { FRAME_BYTES, bodyCrc, writeFrame } from '../codec/frame.ts'
import { SEGMENT_BLOCKS_MAX } from '../codec/segment.ts'
import type { LogDamagedError } from '../errors.ts'
import { createFileLog, openFileLog } from '../file.ts'
import { IO_BYTES } from '../limits.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { readHead } from './head.ts'
import { openOn } from './open.ts'
import { writeSealed } from './sealed-json.ts'
import { placeOf } from './segment-file.ts'

async function freshLog(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-hostile-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const folder = join(root, 'log')
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(3))
  await writer.attach('raw', new Uint8Array(5))
  await writer.close()
  return folder
}

/** Bytes that were read from files or run through checksums. */
const cost = vi.hoisted(() => ({ bytes: 0 }))
vi.mock(import('node:zlib'), async (original) => {
  const zlib = await original()
  const crc32: typeof zlib.crc32 = (data, value) => {
    cost.bytes += typeof data === 'string' ? data.length : data.byteLength
    return zlib.crc32(data, value)
  }
  return { ...zlib, crc32 }
})

const countingDisk: Disk = {
  ...nodeDisk,
  open: async (path, flags) => {
    const file = await nodeDisk.open(path, flags)
    return {
      read: async (into, position) => {
        const n = await file.read(into, position)
        cost.bytes += n
        return n
      },
      write: (bytes, position) => file.write(bytes, position),
      sync: () => file.sync(),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      id: () => file.id(),
      close: () => file.close(),
    }
  },
}

const BLOCKS = 4000

test.each([
  // Each bad, none of which knows the one before to be durable: is it a torn tail?
  ['empty blocks', 'bad', (): number => 0],
  // Each body reaches to the end of the file.
  ['blocks within each other', 'bad', (i: number): number => (BLOCKS - 1 - i) * FRAME_BYTES],
  ['blocks within each other, with right checksums', 'right', (i: number): number => (BLOCKS - 1 - i) * FRAME_BYTES],
] as const)('a file of %s is read once, not once for each', { timeout: 120_000 }, async (_, body, bytesOf) => {
  const folder = await freshLog()
  const path = join(folder, 'segments/00000001.seg')
  const { logId } = await readHead(nodeDisk, folder)
  const place = placeOf(logId, 1)
  const file = Buffer.concat([(await readFile(path)).subarray(0, 64), Buffer.alloc(BLOCKS * FRAME_BYTES)])
  // From the last to the first: what lies in a body is there when its checksum is made.
  for (let i = BLOCKS - 1; i >= 0; i--) {
    const at = 64 + i * FRAME_BYTES
    const bodyBytes = bytesOf(i)
    // Checksums of that many bytes take their time.
    if (body === 'right' && i % 10 > 0) continue
    const crc = body === 'bad' ? 1 : bodyCrc(place, at, file.subarray(at + FRAME_BYTES, at + FRAME_BYTES + bodyBytes))
    const about = {
      kind: 1,
      mask: 0,
      count: body === 'bad' ? 1 : 0,
      firstIndex: i,
      lastSeq: i + 1,
      synced: 0,
      bodyBytes,
      bodyCrc: crc,
      rawBytes: 0,
    }
    writeFrame(file.subarray(at, at + FRAME_BYTES), place, at, about)
  }
  await writeFile(path, file)
  cost.bytes = 0
  await using reader = await openOn(countingDisk, folder, sampleVocabulary)
  expect(reader.lastSeq).toBe(0)
  expect(cost.bytes).toBeLessThan(16 * file.length)
})

test('of more blocks than a segment may have, the rest is not looked at', async () => {
  const folder = await freshLog()
  const path = join(folder, 'segments/00000001.seg')
  const { logId } = await readHead(nodeDisk, folder)
  const n = SEGMENT_BLOCKS_MAX + 1000
  const file = Buffer.concat([(await readFile(path)).subarray(0, 64), Buffer.alloc(n * FRAME_BYTES)])
  for (let i = 0; i < n; i++) {
    const at = 64 + i * FRAME_BYTES
    const about = { kind: 1, mask: 0, count: 1, firstIndex: i, lastSeq: i + 1, synced: 0, bodyBytes: 0, bodyCrc: 1, rawBytes: 0 }
    writeFrame(file.subarray(at, at + FRAME_BYTES), placeOf(logId, 1), at, about)
  }
  await writeFile(path, file)
  await using reader = await openFileLog(folder, sampleVocabulary)
  const damages: LogDamagedError[] = []
  for await (const _ of reader.read({ onDamage: (damage) => void damages.push(damage) }));
  expect(damages).toHaveLength(SEGMENT_BLOCKS_MAX + 2)
  expect(damages.at(-1)).toMatchObject({ expected: 'at most 65536 blocks' })
})

test('a list that claims a larger attachment than there is costs nothing', async () => {
  const folder = await freshLog()
  const bytes = 1024 * IO_BYTES
  const attachments = [{ name: 'raw', bytes, crc32: Array.from({ length: 1024 }, () => '00000000') }]
  await writeSealed(nodeDisk, folder, 'attachments.json', { pieceBytes: IO_BYTES, attachments })
  await using reader = await openFileLog(folder, sampleVocabulary)
  const before = process.memoryUsage().arrayBuffers
  await expect(reader.attachment('raw')).rejects.toThrow(/raw: byte 5: expected 1073741824 bytes, found 5;/)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytes / 8)
})

test('a list that has an attachment twice is damaged', async () => {
  const folder = await freshLog()
  const entry = { name: 'raw', bytes: 0, crc32: [] }
  await writeSealed(nodeDisk, folder, 'attachments.json', { pieceBytes: IO_BYTES, attachments: [entry, entry] })
  await using reader = await openFileLog(folder, sampleVocabulary)
  await expect(reader.attachments()).rejects.toThrow(/attachments\.json: byte 0: expected each attachment once, found one twice/)
})
