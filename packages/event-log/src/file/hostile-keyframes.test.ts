/// <reference lib="esnext.disposable" />
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ByteWriter } from '../codec/bytes.ts'
import { keyframeHeader, keyframePlace, keyframeCrc, type KeyframePlace } from '../codec/keyframe.ts'
import type { Keyframe } from '../contract.ts'
import type { LogDamagedError } from '../errors.ts'
import { createFileLog, openFileLog, verifyFileLog } from '../file.ts'
import { KEYFRAME_BYTES_MAX, KEYFRAME_PARTS_MAX, PART_BYTES_MAX } from '../limits.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { nodeDisk } from './node-disk.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'
import { keyframeName } from './layout.ts'
import { readHead } from './head.ts'

let root: string
let folder: string
let place: KeyframePlace
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-hostile-keyframes-'))
  folder = join(root, 'log')
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(9))
  await writer.keyframe(FOLD, changesAt(3, null))
  await writer.close()
  place = keyframePlace((await readHead(nodeDisk, folder)).logId, FOLD, crc32)
})
afterAll(() => rm(root, { recursive: true, force: true }))

const SEQ = 6

interface Row {
  readonly name?: string
  /** Place in the list of files; 0 is the file itself. */
  readonly file?: number
  readonly offset?: number
  readonly stored?: number
  readonly kind?: number
  readonly bytes?: number
  readonly crc?: number
}

interface Made {
  /** As differences, as they are stored. */
  readonly files?: readonly number[]
  readonly fileCount?: number
  readonly rows?: readonly Row[]
  readonly body?: Uint8Array
  readonly header?: { readonly parts?: number; readonly events?: number; readonly tableOffset?: number; readonly seq?: number }
  readonly tail?: Uint8Array
  /** Other numbers in the header, whose checksum is made right again. */
  readonly words?: readonly (readonly [offset: number, value: number])[]
}

/** A keyframe as an enemy makes it: every checksum is right. */
function fileOf({ files = [], fileCount, rows = [], body = new Uint8Array(0), header = {}, tail, words = [] }: Made): Uint8Array {
  const table = new ByteWriter()
  table.varint(fileCount ?? files.length)
  for (const more of files) table.varint(more)
  for (const { name = 'a', file = 0, offset = 64, stored = body.length, kind = 0, bytes = stored, crc } of rows) {
    table.string(name)
    table.varint(file)
    table.varint(offset)
    table.varint(stored)
    table.u8(kind)
    if (kind === 1) table.varint(bytes)
    table.u32(crc ?? keyframeCrc(place, SEQ, body))
  }
  if (tail !== undefined) table.raw(tail)
  const tableOffset = 64 + body.length
  const head = keyframeHeader(place, { seq: SEQ, events: SEQ, parts: rows.length, tableOffset, ...header }, table.written())
  const view = new DataView(head.buffer, head.byteOffset)
  for (const [offset, value] of words) view.setUint32(offset, value, true)
  view.setUint32(60, keyframeCrc(place, SEQ, head.subarray(0, 60)), true)
  return Buffer.concat([head, body, table.written()])
}

/** What is found where this is the newest keyframe. */
async function foundIn(file: Uint8Array): Promise<{ found: Keyframe | null; damages: LogDamagedError[] }> {
  await writeFile(join(folder, 'keyframes', FOLD, keyframeName(SEQ)), file)
  await using reader = await openFileLog(folder, sampleVocabulary)
  const damages: LogDamagedError[] = []
  const found = await reader.keyframe(FOLD, 9, { onDamage: (d) => damages.push(d) })
  return { found, damages }
}

const body = Uint8Array.of(1, 2, 3)
const packed = zstdCompressSync(new Uint8Array(5000).fill(1))
const bomb = zstdCompressSync(new Uint8Array(PART_BYTES_MAX + 1))
/** A frame of three bytes that asks for a window of 128 MiB. */
const wide = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x1b, 0x00, 0x00, 0x01)
const huge = Number.MAX_SAFE_INTEGER

test('a keyframe made like this is whole', async () => {
  const large = new Uint8Array(PART_BYTES_MAX)
  for (const [made, part] of [
    [{ rows: [{}], body }, body],
    [{ rows: [{ kind: 1, bytes: 5000 }], body: packed }, new Uint8Array(5000).fill(1)],
    [{ rows: [{ kind: 1, bytes: large.length }], body: zstdCompressSync(large) }, large],
  ] as const) {
    const { found, damages } = await foundIn(fileOf(made))
    expect([found?.seq, Buffer.compare(found!.parts.get('a')!, part), damages]).toStrictEqual([SEQ, 0, []])
  }
  const names = ['../../../log.json', '/etc/passwd', '__proto__', 'constructor']
  const rows = names.map((name) => ({ name, stored: 0, crc: keyframeCrc(place, SEQ, new Uint8Array(0)) }))
  await writeFile(join(folder, 'keyframes', FOLD, keyframeName(SEQ)), fileOf({ rows }))
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect([...(await reader.keyframe(FOLD, 9))!.parts.keys()]).toStrictEqual(names)
})

const cases: readonly (readonly [string, () => Made, RegExp])[] = [
  [
    'a part in the file itself by reference',
    () => ({ files: [SEQ], rows: [{ file: 1 }] }),
    /a part of keyframe 6, which is not an earlier one/,
  ],
  ['a part in a later keyframe', () => ({ files: [3, 4], rows: [{ file: 2 }] }), /a part of keyframe 7, which is not an earlier one/],
  ['a part in a keyframe far away', () => ({ files: [3, huge], rows: [{ file: 2 }] }), /which is not an earlier one/],
  ['a part in keyframe 0', () => ({ files: [0], rows: [{ file: 1 }] }), /a part of keyframe 0/],
  ['one earlier keyframe twice', () => ({ files: [3, 0], rows: [] }), /a part of keyframe 3, which is not an earlier one/],
  [
    'a keyframe that there is not',
    () => ({ files: [2], rows: [{ file: 1, stored: 3 }] }),
    /expected part "a" of keyframe 6, found no such file/,
  ],
  ['a file that is not listed', () => ({ files: [3], rows: [{ file: 2 }] }), /part "a" in a file that is not listed/],
  ['a file with a huge number', () => ({ rows: [{ file: huge }] }), /in a file that is not listed/],
  ['huge numbers of files', () => ({ fileCount: huge }), /9007199254740991 earlier keyframes, more than there is room for/],
  [
    'a place past the end of the earlier file',
    () => ({ files: [3], rows: [{ name: 'always', file: 1, offset: 1 << 20, stored: 2 }] }),
    /found 0 of 2 bytes/,
  ],
  ['a place past all files', () => ({ files: [3], rows: [{ file: 1, offset: huge, stored: 3 }] }), /3 bytes at byte 9007199254740991/],
  ['a part in the header', () => ({ files: [3], rows: [{ file: 1, offset: 0, stored: 3 }] }), /3 bytes at byte 0/],
  [
    'other bytes of the earlier file',
    () => ({ files: [3], rows: [{ name: 'always', file: 1, offset: 65, stored: 2 }] }),
    /003\.kf: byte 65: expected part "always", found a wrong checksum/,
  ],
  ['a part with another checksum', () => ({ rows: [{ crc: 1 }], body }), /found a wrong checksum/],
  ['a huge part', () => ({ files: [3], rows: [{ file: 1, stored: huge }] }), /part "a" with 9007199254740991 bytes/],
  ['a part past the limit', () => ({ files: [3], rows: [{ file: 1, stored: PART_BYTES_MAX + 1 }] }), /part "a" with 67108865 bytes/],
  ['a part that unpacks to more than the limit', () => ({ rows: [{ kind: 1, bytes: PART_BYTES_MAX + 1 }], body: bomb }), /67108865 in all/],
  [
    'a part that unpacks to more than it says',
    () => ({ rows: [{ kind: 1, bytes: 10 }], body: bomb }),
    /part "a" that cannot be decompressed/,
  ],
  [
    'a part that unpacks to less than it says',
    () => ({ rows: [{ kind: 1, bytes: 5001 }], body: packed }),
    /part "a" of 5000 bytes that should have 5001/,
  ],
  ['a part that unpacks to nothing', () => ({ rows: [{ kind: 1, bytes: 0 }], body: packed }), /part "a"/],
  ['a part that is not packed but says so', () => ({ rows: [{ kind: 1, bytes: 3 }], body }), /cannot be decompressed/],
  ['a packed part that is cut', () => ({ rows: [{ kind: 1, bytes: 5000 }], body: packed.subarray(0, -1) }), /part "a"/],
  ['a packed part that wants a window past the limit', () => ({ rows: [{ kind: 1, bytes: 3 }], body: wide }), /cannot be decompressed/],
  ['a part of an unknown kind', () => ({ rows: [{ kind: 2 }], body }), /part "a" of kind 2/],
  ['one name twice', () => ({ rows: [{}, { offset: 67, stored: 0 }], body }), /not in the order of their names/],
  ['names that are not in order', () => ({ rows: [{ name: 'b' }, { offset: 67, stored: 0 }], body }), /not in the order of their names/],
  ['a part without a name', () => ({ rows: [{ name: '' }], body }), /a name that is none of a part/],
  ['a name past the limit', () => ({ rows: [{ name: 'x'.repeat(129) }], body }), /a name that is none of a part/],
  ['a name that cannot be printed', () => ({ rows: [{ name: 'a\0' }], body }), /a name that is none of a part/],
  ['parts that lie over each other', () => ({ rows: [{ name: 'a' }, { name: 'b', stored: 2 }], body }), /do not follow each other/],
  ['bytes of no part', () => ({ rows: [{ stored: 2 }], body }), /end elsewhere than the table starts/],
  ['bytes behind the table', () => ({ rows: [{}], body, tail: Uint8Array.of(0) }), /1 bytes behind the last part/],
  ['a table that ends too early', () => ({ rows: [{}], body, header: { parts: 2 } }), /2 parts, more than there is room for|end too early/],
  ['a huge number of parts', () => ({ rows: [{}], body, header: { parts: 2 ** 32 - 1 } }), /found 4294967295 parts/],
  [
    'more parts than there is room for',
    () => ({ rows: [{}], body, header: { parts: KEYFRAME_PARTS_MAX } }),
    /65536 parts, more than there is room for/,
  ],
  ['a huge table', () => ({ rows: [{}], body, words: [[44, 2 ** 32 - 1]] }), /a table of 4294967295 bytes/],
  ['a table elsewhere', () => ({ rows: [{}], body, words: [[40, 2 ** 32 - 1]] }), /that should have/],
  [
    'a table in the header',
    () => ({
      rows: [],
      words: [
        [40, 60],
        [44, 5],
      ],
    }),
    /that should have 65/,
  ],
  ['a keyframe of other events', () => ({ rows: [{}], body, header: { events: 7 } }), /expected a keyframe of 6 events, found one of 7/],
  ['a keyframe of a newer version', () => ({ rows: [{}], body, words: [[8, 2]] }), /a keyframe of version 2/],
  [
    'parts that are more than the limit together',
    () => {
      const rows = Array.from({ length: KEYFRAME_BYTES_MAX / PART_BYTES_MAX + 1 }, (_, i) => ({
        name: `a${10 + i}`,
        file: 1,
        stored: PART_BYTES_MAX,
      }))
      return { files: [3], rows }
    },
    /parts of more than 1073741824 bytes/,
  ],
]

test.each(cases)('%s is damage', async (_, made, message) => {
  const { found, damages } = await foundIn(fileOf(made()))
  expect(found).toStrictEqual({ seq: 3, parts: partsAt(3) })
  expect(damages.map((d) => d.message)).toStrictEqual([expect.stringMatching(message)])
  const verified = await verifyFileLog(folder, sampleVocabulary)
  expect([verified.isWhole, verified.keyframes, verified.damages.length]).toStrictEqual([false, 2, 1])
})
