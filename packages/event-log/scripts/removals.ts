/** What each promise rests on, one line of the sources each; `remove-each.ts` takes away one after the other. */
export interface Removal {
  /** Below `src`. */
  readonly file: string
  readonly snippet: string
  readonly instead: string
  /** Which of how many of it, from 1. */
  readonly nth: number
  readonly times: number
  /** Tests that should miss it, looked at before all others: a file, and part of their titles. */
  readonly first: readonly [file: string, title: string]
}

type First = Removal['first']

const crash: First = ['every-fault', '^a log outlives a crash']
const atomic: First = ['every-fault', '^an atomic log outlives a crash']
const closing: First = ['every-fault', 'closing that is cut short']
const packed: First = ['every-fault', '^a log that is compressed outlives']
const compression: First = ['compress', '']
const keyframes: First = ['keyframe-faults', '']
const repair: First = ['repair-faults', '']
/** Each flipped bit of a file is found. */
const bits = (name: string): First => ['bit-flips', `each flipped bit of ${name}`]

const nth = (file: string, snippet: string, n: number, times: number, first: First): Removal => ({
  file,
  snippet,
  instead: '',
  nth: n,
  times,
  first,
})
const gone = (file: string, snippet: string, first: First): Removal => nth(file, snippet, 1, 1, first)
const never = (file: string, comparison: string, rest: string, first: First): Removal => ({
  ...gone(file, `${comparison}${rest}`, first),
  instead: `false${rest}`,
})

export const removals: readonly Removal[] = [
  // What is durable.
  gone('file/segment-output.ts', '      await this.#file.sync()', crash),
  gone('file/segment-output.ts', '    background(this.#io(() => this.#syncFile()))', closing),
  { ...gone('file/segment-output.ts', '    return this.#io(() => this.#syncFile())', crash), instead: '    return this.write()' },
  gone('file/segment-output.ts', '    await disk.syncFolder(join(folder, SEGMENTS_FOLDER))', crash),
  gone('file/aside.ts', '  await disk.syncFolder(dirname(publishAs))', atomic),
  gone('file/create.ts', '      if (publishAs === null) await disk.syncFolder(dirname(folder))', [
    'every-fault',
    'somebody made without syncing',
  ]),
  gone('file/make-folder.ts', '  await disk.syncFolder(dirname(folder))', crash),
  gone('file/sealed-json.ts', '      await file.sync()', crash),
  gone('file/sealed-json.ts', '  await disk.syncFolder(folder)', crash),
  gone('file/sealed-json.ts', '    await disk.remove(path + ASIDE).catch(() => {})\n', ['every-fault', '^a log outlives a fail']),
  gone('file/attachments.ts', '      await file.sync()', crash),
  gone('file/attachments.ts', '  await disk.syncFolder(parent)', crash),
  nth('file/append.ts', '      await file.sync()', 1, 2, crash),
  nth('file/append.ts', '      await file.sync()', 2, 2, repair),
  gone('file/compress.ts', '        await file.sync()', packed),
  gone('file/compress.ts', '    await this.#disk.syncFolder(dirname(path))', packed),
  gone('file/keyframe-writer.ts', '    await file.sync()', keyframes),
  gone('file/keyframe-writer.ts', '  await disk.syncFolder(dirname(path))', keyframes),
  gone('file/keyframe-writer.ts', '      await disk.syncFolder(folder)', keyframes),
  gone('file/fold-folder.ts', '    await disk.syncFolder(path)', keyframes),
  gone('file/repair.ts', '    await file.sync()', repair),
  gone('file/repair.ts', '    await target.sync()', repair),
  gone('file/repair.ts', '  await disk.syncFolder(join(folder, SEGMENTS_FOLDER))', repair),
  // What gets its name, or its end.
  gone('file/sealed-json.ts', '    await disk.rename(path + ASIDE, path)', ['create', '']),
  gone('file/aside.ts', '    await disk.rename(folder, publishAs)', ['create', '']),
  gone('file/segment-output.ts', '    background(this.#io(() => this.#trim()))', ['torn-tail', 'closing takes back']),
  gone('file/writer.ts', '    await this.#recordClosing()', ['closing', '']),
  gone('file/compress.ts', '      await this.#disk.rename(aside, path)', compression),
  gone('file/keyframe-writer.ts', '      await disk.rename(aside, path)', keyframes),
  gone('file/append.ts', '      await file.truncate(position)', ['torn-tail', '']),
  gone('file/append.ts', '      await file.truncate(last.tornTail.offset)', repair),
  gone('file/repair.ts', '    if (tornTail !== null) await changed(disk, last, (file) => file.truncate(tornTail.offset))', repair),
  gone('file/repair.ts', '    await file.truncate(end)', ['bit-flips', 'made anew']),
  gone('file/repair.ts', '  await changed(disk, segment, (file) => file.truncate(end))', repair),
  // What is not believed.
  never('codec/frame.ts', 'view.getUint32(4, true) !== crc', ") return 'a header with a wrong checksum'", bits('segments/00000001')),
  never(
    'codec/segment.ts',
    'view.getUint32(60, true) !== crcAt(place, 0, bytes.subarray(0, 60))',
    ") return 'a wrong checksum'",
    bits('segments/00000001'),
  ),
  {
    ...gone(
      'codec/segment.ts',
      'return view.getUint32(20, true) === crcAt(place, offset, bytes.subarray(0, 20)) ? index : null',
      bits('segments/00000001'),
    ),
    instead: 'return index',
  },
  never(
    'file/stored-block.ts',
    'bodyCrc(place, offset, body) !== frame.bodyCrc',
    ") return { fault: 'a block with a wrong checksum'",
    bits('segments/00000001'),
  ),
  gone('file/append.ts', '    if (loss !== null) throw loss\n', ['closing', '']),
  gone('file/torn-tail.ts', '    if (await this.#isOneBit(bad, data)) return false', ['torn-tail', 'a flipped bit']),
  gone('codec/segment.ts', 'hasTwoBits(last) && ', ['torn-tail', 'into space that is cut short']),
  never('file/attachments.ts', 'hexCrc(piece) !== expected', ') throw wrong(at, `checksum', bits('attachments/raw')),
  never('file/sealed-json.ts', 'sealed && tail.slice(0, 8) !== hexCrc(body)', ') {', bits('log.json')),
  never(
    'codec/keyframe.ts',
    'view.getUint32(60, true) !== keyframeCrc(place, seq, bytes.subarray(0, 60))',
    ") return 'a header with",
    bits('keyframes'),
  ),
  gone('codec/keyframe.ts', ' && keyframeCrc(place, seq, bytes) === tableCrc', bits('keyframes')),
  never(
    'file/keyframe-reader.ts',
    'keyframeCrc(fold.place, seq, stored) !== entry.crc',
    ") throw wrong('a wrong checksum')",
    bits('keyframes'),
  ),
]
