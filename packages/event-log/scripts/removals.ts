/** What each promise rests on, one line of the sources each; `remove-each.ts` takes away one after the other. */
export interface Removal {
  /** Below `src`. */
  readonly file: string
  /** Is in the file `times` times (default once). */
  readonly snippet: string
  readonly instead: string
  /** Which of them, from 1. */
  readonly nth?: number
  readonly times?: number
}

const gone = (file: string, snippet: string, place: Pick<Removal, 'nth' | 'times'> = {}): Removal => ({
  file,
  snippet,
  instead: '',
  ...place,
})
const never = (file: string, comparison: string, rest: string): Removal => ({
  file,
  snippet: `${comparison}${rest}`,
  instead: `false${rest}`,
})

export const removals: readonly Removal[] = [
  // What is durable.
  gone('file/writer.ts', '      await this.#file.sync()'),
  gone('file/writer.ts', '    this.#background(this.#io(() => this.#syncFile()))'),
  gone('file/writer.ts', '        await this.#syncFile()'),
  gone('file/writer.ts', '      await this.#sync()\n', { nth: 1, times: 2 }),
  gone('file/writer.ts', '      await this.#sync()\n', { nth: 2, times: 2 }),
  gone('file/writer.ts', '    await disk.syncFolder(join(folder, SEGMENTS_FOLDER))'),
  gone('file/writer.ts', '  await disk.syncFolder(dirname(publishAs))'),
  gone('file/create.ts', '      if (publishAs === null) await disk.syncFolder(dirname(folder))'),
  gone('file/disk.ts', '  await disk.syncFolder(dirname(folder))'),
  gone('file/sealed-json.ts', '    await file.sync()'),
  gone('file/sealed-json.ts', '  await disk.syncFolder(folder)'),
  gone('file/attachments.ts', '      await file.sync()'),
  gone('file/attachments.ts', '  await disk.syncFolder(parent)'),
  gone('file/append.ts', '      await file.sync()', { nth: 1, times: 2 }),
  gone('file/append.ts', '      await file.sync()', { nth: 2, times: 2 }),
  gone('file/compress.ts', '        await file.sync()'),
  gone('file/compress.ts', '    await this.#disk.syncFolder(dirname(path))'),
  gone('file/keyframe-writer.ts', '    await file.sync()'),
  gone('file/keyframe-writer.ts', '  await disk.syncFolder(dirname(path))'),
  gone('file/keyframe-writer.ts', '      await disk.syncFolder(folder)'),
  gone('file/fold-folder.ts', '    await disk.syncFolder(path)'),
  gone('file/repair.ts', '    await file.sync()'),
  gone('file/repair.ts', '    await target.sync()'),
  gone('file/repair.ts', '  await disk.syncFolder(join(folder, SEGMENTS_FOLDER))'),
  // What gets its name, or its end.
  gone('file/sealed-json.ts', '  await disk.rename(path + ASIDE, path)'),
  gone('file/writer.ts', '    await disk.rename(folder, publishAs)'),
  gone('file/compress.ts', '      await this.#disk.rename(aside, path)'),
  gone('file/keyframe-writer.ts', '      await disk.rename(aside, path)'),
  gone('file/append.ts', '      await file.truncate(position)'),
  gone('file/append.ts', '      await file.truncate(last.tornTail.offset)'),
  gone('file/repair.ts', '    if (tornTail !== null) await changed(disk, last, (file) => file.truncate(tornTail.offset))'),
  gone('file/repair.ts', '    await file.truncate(end)'),
  gone('file/repair.ts', '  await changed(disk, segment, (file) => file.truncate(end))'),
  // What is not believed.
  never('codec/frame.ts', 'view.getUint32(4, true) !== crc', ") return 'a header with a wrong checksum'"),
  never('codec/segment.ts', 'view.getUint32(60, true) !== crcAt(place, 0, bytes.subarray(0, 60))', ") return 'a wrong checksum'"),
  {
    file: 'codec/segment.ts',
    snippet: 'return view.getUint32(20, true) === crcAt(place, offset, bytes.subarray(0, 20)) ? index : null',
    instead: 'return index',
  },
  never('file/segment-file.ts', 'bodyCrc(place, offset, body) !== frame.bodyCrc', ") return { fault: 'a block with a wrong checksum'"),
  never('file/attachments.ts', 'hexCrc(piece) !== expected', ') throw wrong(at, `checksum'),
  never('file/sealed-json.ts', 'sealed && tail.slice(0, 8) !== hexCrc(body)', ') {'),
  never('codec/keyframe.ts', 'view.getUint32(60, true) !== keyframeCrc(place, seq, bytes.subarray(0, 60))', ") return 'a header with"),
  { file: 'codec/keyframe.ts', snippet: ' && keyframeCrc(place, seq, bytes) === tableCrc', instead: '' },
  never('file/keyframe-reader.ts', 'keyframeCrc(fold.place, seq, stored) !== entry.crc', ") throw wrong('a wrong checksum')"),
]
