/**
 * A second reader of the log format, written from FORMAT.md alone. It shares no code with the package, favours plainness over
 * speed and checks all that FORMAT.md says of a log that is whole.
 *
 *   node second-reader.mjs LOG
 *
 * Standard output: each event as a line of JSON, in order, as it was stored (nothing is upcast). Envelope fields that are absent
 * are left out, `v` is the version of the type. Numbers are plain numbers, times are nanoseconds; 64-bit words are `0x…` strings.
 * Standard error: one line of JSON about the rest (meta, segments, types, attachments, keyframes, torn tail).
 * Exit status 3, with a message, when anything does not fit FORMAT.md; what was printed until then is what fits.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { constants, crc32, zstdDecompressSync } from 'node:zlib'

class Misfit extends Error {}

function must(condition, message) {
  if (!condition) throw new Misfit(message)
}

const hex8 = (crc) => crc.toString(16).padStart(8, '0')
const allZero = (bytes) => bytes.every((byte) => byte === 0)
const safe = (value) => {
  must(Number.isSafeInteger(Number(value)), `${value} is past 2^53 - 1`)
  return Number(value)
}
const u64At = (bytes, at) => safe(bytes.readBigUInt64LE(at))
const roundUp = (value, step) => Math.ceil(value / step) * step

function u32Bytes(...words) {
  const bytes = Buffer.alloc(4 * words.length)
  words.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i))
  return bytes
}

/** The parts of bytes[start, end) of a file that lie within one sector of 512 bytes each. */
function* sectorParts(bytes, start, end) {
  for (let from = start; from < end;) {
    const to = Math.min(end, roundUp(from + 1, 512))
    yield bytes.subarray(from, to)
    from = to
  }
}

/** What one zstd frame of a window of at most 2^windowLog decompresses to. */
function zstd(frame, bytes, windowLog, what) {
  try {
    const params = { [constants.ZSTD_d_windowLogMax]: windowLog }
    const out = zstdDecompressSync(frame, { maxOutputLength: Math.max(bytes, 1), params })
    must(out.length === bytes, `${what}: a frame of ${out.length} bytes, not ${bytes}`)
    return out
  } catch (error) {
    if (error instanceof Misfit) throw error
    throw new Misfit(`${what}: ${error.message}`)
  }
}

// JSON files

function readSealedJson(path) {
  const bytes = readFileSync(path)
  must(bytes.length <= 16 * 2 ** 20, `${path}: larger than 16 MiB`)
  const end = /,\n {2}"crc32": "([0-9a-f]{8})"\n\}\n$/.exec(bytes.subarray(-64).toString('latin1'))
  must(end !== null, `${path}: does not end with its checksum`)
  const covered = bytes.subarray(0, bytes.length - '00000000"\n}\n'.length)
  must(hex8(crc32(covered)) === end[1], `${path}: wrong checksum`)
  const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  must(`${JSON.stringify(value, null, 2)}\n` === bytes.toString(), `${path}: not indented by two blanks`)
  must(Object.keys(value).at(-1) === 'crc32', `${path}: crc32 is not the last key`)
  return value
}

function readMeta(folder) {
  const meta = readSealedJson(join(folder, 'log.json'))
  must(meta.schemaVersion === 2, 'log.json: not schemaVersion 2')
  must(/^-?\d+$/.test(meta.epoch), 'log.json: epoch is not decimal nanoseconds')
  must(typeof meta.source === 'object' && meta.source !== null, 'log.json: source is not an object')
  must(Array.isArray(meta.notes) && meta.notes.every((note) => typeof note === 'string'), 'log.json: notes are not strings')
  must(/^[0-9a-f]{16}$/.test(meta.id), 'log.json: id is not 16 hex digits')
  if (meta.closed !== undefined) {
    const { events, lastSeq } = meta.closed
    must([events, lastSeq].every((n) => Number.isSafeInteger(n) && n >= 0) && lastSeq <= events, 'log.json: closed makes no sense')
  }
  return meta
}

// Numbers and columns

/** Reads a body from its start, in order. */
class Body {
  constructor(bytes, what) {
    this.bytes = bytes
    this.what = what
    this.at = 0
  }

  take(count) {
    must(this.at + count <= this.bytes.length, `${this.what}: ends early`)
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  u8() {
    return this.take(1)[0]
  }

  u32() {
    return this.take(4).readUInt32LE()
  }

  varint() {
    return this.#number(0n, 0n, true)
  }

  signed() {
    const first = this.u8()
    const size = this.#number(BigInt(first & 63), 6n, (first & 128) !== 0)
    return (first & 64) === 0 ? size : 0 - size
  }

  #number(start, startShift, more) {
    let [value, shift] = [start, startShift]
    while (more) {
      const byte = this.u8()
      value |= BigInt(byte & 127) << shift
      shift += 7n
      must(value < 2n ** 53n && shift < 70n, `${this.what}: a number past 2^53 - 1`)
      more = (byte & 128) !== 0
    }
    return Number(value)
  }

  string() {
    const code = this.varint()
    return decodeString(code, this.take(Math.floor(code / 2)), this.what)
  }

  zerosTo(step) {
    must(allZero(this.take(roundUp(this.at, step) - this.at)), `${this.what}: what should be zeros is not`)
  }

  /** Zeros up to a multiple of 8 end a body. */
  end() {
    this.zerosTo(8)
    must(this.at === this.bytes.length, `${this.what}: ${this.bytes.length - this.at} bytes too many`)
  }

  /** A column of n whole numbers or nulls. */
  column(n) {
    const flags = this.u8()
    if (n === 0) {
      must(flags === 0, `${this.what}: an empty column with flags ${flags}`)
      return []
    }
    must(flags < 128, `${this.what}: a column with unknown flags ${flags}`)
    if ((flags & 32) !== 0) return Array(n).fill(null)
    const isNull = Array(n).fill(false)
    if ((flags & 16) !== 0) {
      const bitmap = this.take(Math.ceil(n / 8))
      for (let i = 0; i < n; i++) isNull[i] = ((bitmap[i >> 3] >> (i & 7)) & 1) === 1
    }
    const m = isNull.filter((is) => !is).length
    const values = this.#values(m, flags & 7, (flags & 8) !== 0, (flags & 64) !== 0)
    let next = 0
    return isNull.map((is) => (is ? null : values[next++]))
  }

  #values(m, width, isDelta, hasDivisor) {
    if (width === 4) {
      must(!isDelta && !hasDivisor, `${this.what}: a column of eight bytes with delta or divisor`)
      this.zerosTo(4)
      const low = Array.from({ length: m }, () => this.u32())
      const high = Array.from({ length: m }, () => this.take(4).readInt32LE())
      return low.map((word, i) => safe(BigInt(high[i]) * 2n ** 32n + BigInt(word)))
    }
    const base = BigInt(this.signed())
    const first = isDelta ? BigInt(this.signed()) : 0n
    const divisor = hasDivisor ? BigInt(this.varint()) : 1n
    const words = this.#words(isDelta ? m - 1 : m, width)
    if (!isDelta) return words.map((word) => safe(base + BigInt(word) * divisor))
    let value = first
    const values = [first]
    for (const word of words) values.push((value += base + BigInt(word) * divisor))
    return values.map(safe)
  }

  #words(count, width) {
    if (width === 0) return Array(count).fill(0)
    if (width <= 3) {
      const size = 2 ** (width - 1)
      this.zerosTo(size)
      return Array.from({ length: count }, () => this.take(size).readUIntLE(0, size))
    }
    const bits = 2 ** (width - 5)
    const bytes = this.take(Math.ceil((count * bits) / 8))
    return Array.from({ length: count }, (_, i) => (bytes[Math.floor((i * bits) / 8)] >> ((i * bits) % 8)) & (2 ** bits - 1))
  }
}

function decodeString(code, bytes, what) {
  if (code % 2 === 1) {
    must(bytes.length % 2 === 0, `${what}: half a UTF-16 unit`)
    return bytes.toString('utf16le')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Misfit(`${what}: a string that is not UTF-8`)
  }
}

// Dictionary

const KINDS = 'device pagemap region managed pointer string text u64 pfn bytes count int pid cpu errno bool flags time enum host'.split(' ')

class Dictionary {
  strings = [null]
  actors = [null]
  types = [null]

  string(number, what) {
    must(number >= 1 && number < this.strings.length, `${what}: no string ${number}`)
    return this.strings[number]
  }

  /** Adds what a body brings. */
  read(body) {
    const bytes = body.varint()
    const start = body.at
    this.#list(body, this.strings, () => body.string())
    this.#list(body, this.actors, () => ({ pid: body.signed(), comm: this.string(body.varint(), body.what) }))
    this.#list(body, this.types, () => this.#type(body))
    must(body.at - start === bytes, `${body.what}: a dictionary of ${body.at - start} bytes, not ${bytes}`)
  }

  #list(body, list, entry) {
    const before = body.varint()
    must(before === list.length - 1, `${body.what}: ${before} entries before, there are ${list.length - 1}`)
    const count = body.varint()
    must(before + count <= 2 ** 20, `${body.what}: too many entries`)
    for (let i = 0; i < count; i++) list.push(entry())
  }

  #type(body) {
    const name = this.string(body.varint(), body.what)
    const version = body.varint()
    const fields = Array.from({ length: body.varint() }, () => this.#field(body))
    return { name, version, fields }
  }

  #field(body) {
    const name = this.string(body.varint(), body.what)
    const byte = body.u8()
    const kind = KINDS[(byte & 127) - 1]
    must(kind !== undefined, `${body.what}: a field of unknown kind ${byte & 127}`)
    const values = kind === 'enum' ? Array.from({ length: body.varint() }, () => this.string(body.varint(), body.what)) : []
    return { name, kind, optional: byte >= 128, values }
  }
}

// The body of a block of events

const deviceBit = (device) => (device === null ? 31 : ((device % 31) + 31) % 31)
const maskOf = (bits) => bits.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n)
const smallest = (values) => values.reduce((a, b) => (b < a ? b : a))
const largest = (values) => values.reduce((a, b) => (b > a ? b : a))

function readSummary(body) {
  const times = [body.signed(), body.signed()]
  const hasEntries = body.u8()
  must(hasEntries <= 1, `${body.what}: neither with nor without entries`)
  const entries = hasEntries === 1 ? [body.signed(), body.signed()] : [null, null]
  return { times, entries, deviceMask: body.varint(), typeMask: body.varint() }
}

function noNulls(column, what) {
  must(!column.includes(null), `${what}: a null where there cannot be one`)
  return column
}

/** Numbers in a list that starts at 1; 0 is null. */
function looked(column, list, what) {
  return noNulls(column, what).map((number) => {
    must(number >= 0 && number < list.length, `${what}: no entry ${number}`)
    return list[number]
  })
}

function readTexts(body, k) {
  const codes = body.column(k)
  const bytes = body.take(body.varint())
  let at = 0
  const texts = codes.map((code) => {
    if (code === null) return null
    must(code >= 0, `${body.what}: a text of ${code}`)
    const end = at + Math.floor(code / 2)
    must(end <= bytes.length, `${body.what}: texts are longer than their bytes`)
    const text = decodeString(code, bytes.subarray(at, end), body.what)
    at = end
    return text
  })
  must(at === bytes.length, `${body.what}: texts have ${at} bytes, not ${bytes.length}`)
  return texts
}

function readU64s(body, k) {
  const low = body.column(k)
  const high = body.column(k)
  return low.map((word, i) => {
    must((word === null) === (high[i] === null), `${body.what}: half a 64-bit word`)
    if (word === null) return null
    must(
      [word, high[i]].every((half) => half >= 0 && half < 2 ** 32),
      `${body.what}: half a word past 32 bits`,
    )
    return `0x${((BigInt(high[i]) << 32n) | BigInt(word)).toString(16)}`
  })
}

/** The values of a field in k events. */
function readField(body, field, k, dictionary) {
  const choose = (list) =>
    body.column(k).map((place) => {
      must(place === null || (place >= 0 && place < list.length), `${body.what}: ${field.name} has no value ${place}`)
      return place === null ? null : list[place]
    })
  switch (field.kind) {
    case 'u64':
      return readU64s(body, k)
    case 'bool':
      return choose([false, true])
    case 'enum':
      return choose(field.values)
    case 'string':
    case 'pointer':
      return looked(body.column(k), dictionary.strings, body.what)
    case 'text':
      return readTexts(body, k)
    default:
      return body.column(k)
  }
}

function readCauses(body, counts, seqs) {
  const near = body.u8()
  must(near <= 1, `${body.what}: causes are neither near nor not`)
  const total = body.varint()
  must(total <= 2 * 65_536, `${body.what}: ${total} causes`)
  must(counts.every((count) => count >= 0) && counts.reduce((a, b) => a + b, 0) === total, `${body.what}: causes do not add up`)
  const all = noNulls(body.column(total), body.what)
  let next = 0
  return counts.map((count, i) => {
    next += count
    return all.slice(next - count, next).map((cause) => (near === 1 ? seqs[i] - cause : cause))
  })
}

/** The events of a block with n events, whose last has `last` as its seq. */
function readEvents(body, n, last, dictionary) {
  const { what } = body
  const summary = readSummary(body)
  dictionary.read(body)
  const types = Array.from({ length: body.varint() }, () => {
    const number = body.varint()
    must(number >= 1 && number < dictionary.types.length, `${what}: no type ${number}`)
    return { number, ...dictionary.types[number] }
  })
  must(new Set(types.map((type) => type.name)).size === types.length, `${what}: holds a type's name twice`)

  const seqs = Array.from({ length: n }, (_, i) => Math.max(0, last - n + 1 + i))
  const causes = readCauses(body, noNulls(body.column(n), what), seqs)
  const places = noNulls(body.column(n), what)
  must(
    places.every((place) => place >= 0 && place < types.length),
    `${what}: an event of no type`,
  )
  const times = noNulls(body.column(n), what)
  const devices = body.column(n)
  const cpus = body.column(n)
  const actors = looked(body.column(n), dictionary.actors, what)
  const entries = body.column(n)
  const [contexts, sources, wheres] = [1, 2, 3].map(() => looked(body.column(n), dictionary.strings, what))
  const marks = noNulls(body.column(n), what)
  must(
    marks.every((mark) => mark >= 0 && mark < 2 ** 22),
    `${what}: marks that nobody has`,
  )

  const data = Array.from({ length: n }, () => ({}))
  types.forEach((type, place) => {
    const mine = data.filter((_, i) => places[i] === place)
    must(mine.length > 0, `${what}: no event of ${type.name}`)
    for (const field of type.fields) {
      const values = readField(body, field, mine.length, dictionary)
      must(field.optional || !values.includes(null), `${what}: ${type.name} has null as ${field.name}`)
      mine.forEach((fields, i) => (fields[field.name] = values[i]))
    }
  })
  body.end()

  const present = entries.filter((entry) => entry !== null)
  const found = {
    times: [smallest(times), largest(times)],
    entries: present.length === 0 ? [null, null] : [smallest(present), largest(present)],
    deviceMask: Number(maskOf(devices.map(deviceBit))),
    typeMask: Number(maskOf(types.map((type) => type.number % 32))),
  }
  must(
    JSON.stringify(found) === JSON.stringify(summary),
    `${what}: the summary says ${JSON.stringify(summary)}, found ${JSON.stringify(found)}`,
  )

  const events = seqs.map((seq, i) => ({
    seq,
    ...(entries[i] === null ? {} : { entry: entries[i] }),
    time: times[i],
    type: types[places[i]].name,
    v: types[places[i]].version,
    ...(devices[i] === null ? {} : { device: devices[i] }),
    ...(cpus[i] === null ? {} : { cpu: cpus[i] }),
    ...(actors[i] === null ? {} : { actor: actors[i] }),
    ...(causes[i].length === 0 ? {} : { cause: causes[i] }),
    ...(contexts[i] === null ? {} : { context: contexts[i] }),
    ...(sources[i] === null ? {} : { source: sources[i] }),
    ...(wheres[i] === null ? {} : { where: wheres[i] }),
    ...(marks[i] % 2 === 1 ? { inferred: true } : {}),
    ...(marks[i] < 4 ? {} : { host: Math.floor(marks[i] / 4) }),
    ...(marks[i] % 4 > 1 ? { unordered: true } : {}),
    data: data[i],
  }))
  return { summary, events }
}

// Blocks and segments

const HEADER = 64
const BLOCK = 48
const TRAILER = 24
/** Space is laid out up to multiples of this. */
/** Blocks behind which there may be space are at most so large; a file with space ends at a multiple, and has at most so much. */
const SPACED = 65_536
const SPACE_ALIGN = 4096
const SPACE = 262_144

/** A segment's file, and checksums seeded with where its bytes are. */
class Segment {
  constructor(bytes, number, logId) {
    Object.assign(this, { bytes, number, logId })
  }

  at(offset) {
    return `segment ${this.number}, byte ${offset}`
  }

  crc(seedOffset, from, to) {
    return crc32(this.bytes.subarray(from, to), crc32(Buffer.concat([this.logId, u32Bytes(this.number, seedOffset)])))
  }

  hasHeaderAt(offset) {
    const { bytes } = this
    if (offset + BLOCK > bytes.length || bytes.toString('latin1', offset, offset + 4) !== 'DTBK') return false
    return bytes.readUInt32LE(offset + 4) === this.crc(offset, offset + 8, offset + BLOCK)
  }

  hasTrailerAt(offset) {
    const { bytes } = this
    if (offset + TRAILER !== bytes.length || bytes.toString('latin1', offset, offset + 4) !== 'DTEN') return false
    return bytes.readUInt32LE(offset + 20) === this.crc(offset, offset, offset + 20)
  }

  /** The segment's own header. */
  header() {
    const { bytes } = this
    must(bytes.length >= HEADER, `${this.at(0)}: less than a header`)
    must(bytes.readUInt32LE(60) === this.crc(0, 0, 60), `${this.at(0)}: wrong checksum of the header`)
    must(bytes.toString('latin1', 0, 8) === 'DEVTRAIL', `${this.at(0)}: no segment`)
    must(bytes.readUInt16LE(8) === 2 && bytes.readUInt16LE(10) === 0, `${this.at(0)}: not version 2`)
    must(bytes.readUInt32LE(12) === this.number, `${this.at(0)}: another segment's number`)
    must(bytes.subarray(16, 24).equals(this.logId), `${this.at(0)}: another log's segment`)
    must(allZero(bytes.subarray(40, 60)), `${this.at(0)}: what should be zeros is not`)
    return { events: u64At(bytes, 24), lastSeq: u64At(bytes, 32) }
  }

  /** The block at an offset, its body unmasked and decompressed. */
  block(offset) {
    const { bytes } = this
    const what = this.at(offset)
    must(this.hasHeaderAt(offset), `${what}: no whole block header`)
    const header = bytes.subarray(offset, offset + BLOCK)
    const stored = header.readUInt32LE(12)
    const end = offset + BLOCK + stored
    must(stored % 8 === 0 && stored <= 128 * 2 ** 20, `${what}: a body of ${stored} bytes`)
    must(end <= bytes.length, `${what}: the file ends within the body`)
    must(header.readUInt32LE(8) === this.crc(offset, offset + BLOCK, end), `${what}: wrong checksum of the body`)
    for (const part of sectorParts(bytes, offset + BLOCK, end)) must(!allZero(part), `${what}: a sector of zeros`)
    const mask = header[21]
    const unmasked = Buffer.from(bytes.subarray(offset + BLOCK, end)).map((byte) => byte ^ mask)
    const block = {
      offset,
      end,
      n: header.readUInt32LE(16),
      kind: header[20],
      version: header.readUInt16LE(22),
      eventsBefore: u64At(header, 24),
      last: u64At(header, 32),
      synced: header.readUInt32LE(40),
    }
    must(block.kind === 1 || block.kind === 2, `${what}: a block of kind ${block.kind}`)
    must(block.kind === 2 ? block.n === 0 : block.n >= 1 && block.n <= 65_536, `${what}: ${block.n} events`)
    must(block.synced <= offset, `${what}: durable before it was written`)
    return { ...block, body: new Body(this.#unpacked(block, unmasked, header.readUInt32LE(44), what), what) }
  }

  #unpacked(block, stored, bytes, what) {
    if (block.version === 2) {
      must(bytes === 0, `${what}: not compressed, but of ${bytes} bytes`)
      return stored
    }
    must(block.version === 3 && block.kind === 1, `${what}: kind ${block.kind}, version ${block.version}`)
    must(bytes % 8 === 0 && bytes <= 128 * 2 ** 20, `${what}: a body of ${bytes} bytes`)
    const follow = stored.at(-1)
    must(follow >= 1 && follow <= 8 && follow <= stored.length, `${what}: ${follow} bytes after the frame`)
    must(allZero(stored.subarray(-follow, -1)), `${what}: what should be zeros is not`)
    return zstd(stored.subarray(0, stored.length - follow), bytes, 23, what)
  }

  trailer(offset, index) {
    must(this.hasTrailerAt(offset), `${this.at(offset)}: no trailer after the index, with which the file ends`)
    const [at, bytes, zero, zero2] = [4, 8, 12, 16].map((place) => this.bytes.readUInt32LE(offset + place))
    must(at === index.offset && bytes === index.end - index.offset, `${this.at(offset)}: the trailer is not of this index`)
    must(zero === 0 && zero2 === 0, `${this.at(offset)}: what should be zeros is not`)
  }

  /** Where the last byte ends that is not zero, not before an offset. */
  dataEnd(offset) {
    let end = this.bytes.length
    while (end > offset && this.bytes[end - 1] === 0) end--
    return end
  }

  /** Whether the block that starts at an offset, and is not whole, is what a writer was in the middle of. */
  isTornAt(offset) {
    const { bytes } = this
    const later = []
    for (let at = offset + 8; at < bytes.length; at += 8) if (this.hasHeaderAt(at)) later.push(at)
    if (later.some((at) => bytes.readUInt32LE(at + 40) > offset)) return false
    if (later.length > 0) return sectorParts(bytes, offset, later[0]).some(allZero)
    const hasHeader = this.hasHeaderAt(offset)
    const size = hasHeader ? BLOCK + bytes.readUInt32LE(offset + 12) : BLOCK
    const data = this.dataEnd(offset)
    if (data > offset && allZero(bytes.subarray(offset, data - 1)) && Number.isInteger(Math.log2(bytes[data - 1]))) return false
    if (offset + size > bytes.length) return true
    if (hasHeader ? size <= SPACED && data < offset + size : data <= offset + BLOCK) return true
    return sectorParts(bytes, offset, hasHeader ? offset + size : data).some(allZero)
  }

  /** Whether what is torn at an offset is more than space that was laid out. */
  isTailAt(offset) {
    const { bytes } = this
    const data = this.dataEnd(offset)
    return data > offset || bytes.length % SPACE_ALIGN !== 0 || bytes.length - offset > SPACE
  }

  /** Whether the trailer at an offset is what a writer was in the middle of. */
  isTornTrailerAt(offset) {
    const end = offset + TRAILER
    return end > this.bytes.length || sectorParts(this.bytes, offset, end).some(allZero)
  }
}

/** Checks an index against the blocks before it. */
function checkIndex(index, blocks, dictionary) {
  const { body } = index
  const copy = new Dictionary()
  copy.read(body)
  must(JSON.stringify(copy) === JSON.stringify(dictionary), `${body.what}: the dictionary is not that of the blocks`)
  const count = body.varint()
  const columns = Array.from({ length: 11 }, () => body.column(count))
  body.end()
  const found = blocks.map(({ offset, end, n, eventsBefore, last, summary: { times, entries, deviceMask, typeMask } }) => [
    offset,
    end - offset,
    n,
    eventsBefore,
    last,
    ...times,
    ...entries,
    deviceMask,
    typeMask,
  ])
  const said = Array.from({ length: count }, (_, i) => columns.map((column) => column[i]))
  must(JSON.stringify(said) === JSON.stringify(found), `${body.what}: the index is not that of the blocks`)
}

/** Hands out the events of a log. @returns what else there is to say of the segments. */
function readSegments(folder, logId, print) {
  const names = readdirSync(join(folder, 'segments'))
    .filter((name) => /^\d{8}\.seg$/.test(name))
    .toSorted()
  const types = new Set()
  const segments = []
  let tornAt = null
  let [count, lastSeq] = [0, 0]
  names.forEach((name, i) => {
    must(Number(name.slice(0, 8)) === i + 1, `${name}: segment ${i + 1} is missing`)
    const isLast = i === names.length - 1
    const segment = new Segment(readFileSync(join(folder, 'segments', name)), i + 1, logId)
    if (isLast && (segment.bytes.length < HEADER || allZero(segment.bytes.subarray(0, HEADER)))) {
      tornAt = segment.bytes.length > 0 && segment.isTailAt(0) ? 0 : null
      return
    }
    const header = segment.header()
    must(header.events === count && header.lastSeq === lastSeq, `${name}: does not follow the segment before`)

    const isSealed = segment.bytes.length >= HEADER + TRAILER && segment.hasTrailerAt(segment.bytes.length - TRAILER)
    must(isSealed || isLast, `${name}: not sealed`)
    const dictionary = new Dictionary()
    const blocks = []
    let index = null
    for (let offset = HEADER; offset < segment.bytes.length && index === null;) {
      let block
      try {
        block = segment.block(offset)
        if (block.kind === 2) segment.trailer(block.end, block)
      } catch (error) {
        const isTorn = block === undefined ? segment.isTornAt(offset) : segment.isTornTrailerAt(block.end)
        if (!(error instanceof Misfit) || isSealed || !isTorn) throw error
        tornAt = segment.isTailAt(offset) ? offset : null
        break
      }
      must(block.eventsBefore === count, `${segment.at(offset)}: ${count} events before, not ${block.eventsBefore}`)
      if (block.kind === 2) {
        must(block.last === lastSeq, `${segment.at(offset)}: the index ends at seq ${block.last}`)
        checkIndex(block, blocks, dictionary)
        index = block
      } else {
        must(block.version === 2 || block.synced === offset, `${segment.at(offset)}: compressed, and synced is not its offset`)
        const first = block.last - block.n + 1
        must(lastSeq === 0 ? first <= 1 : first === lastSeq + 1, `${segment.at(offset)}: a hole before seq ${first}`)
        const { summary, events } = readEvents(block.body, block.n, block.last, dictionary)
        blocks.push({ ...block, summary })
        count += block.n
        lastSeq = block.last
        for (const event of events) {
          types.add(`${event.type}@${event.v}`)
          print(event)
        }
      }
      offset = block.end
    }
    must(isSealed === (index !== null), `${name}: a trailer without an index`)
    const compressed = blocks.filter((block) => block.version === 3).length
    segments.push({ blocks: blocks.length, compressed, sealed: isSealed })
  })
  return { segments, types: [...types].toSorted((a, b) => (a < b ? -1 : 1)), tornAt, count, lastSeq }
}

// Attachments

const NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/

function readAttachments(folder) {
  const { pieceBytes, attachments } = readSealedJson(join(folder, 'attachments.json'))
  must(pieceBytes === 2 ** 20, 'attachments.json: pieceBytes is not 1048576')
  return attachments.map(({ name, bytes, crc32: crcs }) => {
    must(NAME.test(name), `attachments.json: the name ${name}`)
    const file = readFileSync(join(folder, 'attachments', name))
    must(file.length === bytes, `attachment ${name}: ${file.length} bytes, not ${bytes}`)
    const found = []
    for (let at = 0; at < bytes; at += pieceBytes) found.push(hex8(crc32(file.subarray(at, at + pieceBytes))))
    must(JSON.stringify(found) === JSON.stringify(crcs), `attachment ${name}: wrong checksum`)
    return { name, bytes, crc32: hex8(crc32(file)) }
  })
}

// Keyframes

/** A keyframe's file: its header and table, checked. */
function readKeyframeFile(folder, logId, fold, seq) {
  const name = `keyframes/${fold}/${String(seq).padStart(12, '0')}.kf`
  const path = join(folder, name)
  must(existsSync(path), `${name} is missing`)
  const bytes = readFileSync(path)
  const seqBytes = Buffer.alloc(8)
  seqBytes.writeBigUInt64LE(BigInt(seq))
  const crc = (part) => crc32(part, crc32(Buffer.concat([logId, Buffer.from(fold, 'latin1'), seqBytes])))

  must(bytes.length >= HEADER && bytes.toString('latin1', 0, 8) === 'KEYFRAME', `${name}: no keyframe`)
  must(bytes.readUInt32LE(60) === crc(bytes.subarray(0, 60)), `${name}: wrong checksum of the header`)
  must(bytes.readUInt16LE(8) === 1 && bytes.readUInt16LE(10) === 0, `${name}: not version 1`)
  must(bytes.subarray(16, 24).equals(logId), `${name}: another log's keyframe`)
  must(u64At(bytes, 24) === seq, `${name}: the keyframe of another seq`)
  must(allZero(bytes.subarray(52, 60)), `${name}: what should be zeros is not`)
  const [count, start, size, tableCrc] = [12, 40, 44, 48].map((at) => bytes.readUInt32LE(at))
  must(count <= 65_536 && size <= 16 * 2 ** 20 && start + size === bytes.length, `${name}: the table is not its end`)
  must(crc(bytes.subarray(start)) === tableCrc, `${name}: wrong checksum of the table`)

  const table = new Body(bytes.subarray(start), name)
  let earlier = 0
  const files = Array.from({ length: table.varint() }, () => (earlier += table.varint()))
  must(
    files.every((file, i) => file > (files[i - 1] ?? 0) && file < seq),
    `${name}: earlier keyframes that are not`,
  )
  let end = HEADER
  const parts = Array.from({ length: count }, () => {
    const part = { name: table.string(), file: table.varint(), at: table.varint(), stored: table.varint(), kind: table.u8() }
    must(/^[ -~]{1,128}$/.test(part.name), `${name}: a part's name ${JSON.stringify(part.name)}`)
    must(part.file <= files.length && part.kind <= 1, `${name}: ${part.name} is nowhere, or of unknown kind`)
    const bytes = part.kind === 1 ? table.varint() : part.stored
    must(part.stored <= 2 ** 26 && bytes <= 2 ** 26, `${name}: ${part.name} is larger than 64 MiB`)
    if (part.file === 0) {
      must(part.at === end, `${name}: ${part.name} does not follow the part before`)
      end += part.stored
    }
    return { ...part, seq: part.file === 0 ? seq : files[part.file - 1], bytes, crc: table.u32() }
  })
  must(table.at === table.bytes.length && end === start, `${name}: parts and table do not fill the file`)
  must(
    parts.every((part, i) => i === 0 || parts[i - 1].name < part.name),
    `${name}: parts are not in order`,
  )
  return { name, eventsUpTo: u64At(bytes, 32), bytes, crc, parts }
}

function readKeyframe(folder, logId, fold, seq) {
  const { name, eventsUpTo, parts } = readKeyframeFile(folder, logId, fold, seq)
  const contents = parts.map((part) => {
    const file = readKeyframeFile(folder, logId, fold, part.seq)
    const own = file.parts.find((other) => other.name === part.name)
    must(own?.file === 0 && own.at === part.at && own.stored === part.stored, `${name}: ${part.name} is not in ${file.name}`)
    const stored = file.bytes.subarray(part.at, part.at + part.stored)
    must(file.crc(stored) === part.crc, `${name}: wrong checksum of ${part.name}`)
    return { name: part.name, bytes: part.kind === 1 ? zstd(stored, part.bytes, 26, `${name}, ${part.name}`) : stored }
  })
  must(contents.reduce((sum, part) => sum + part.bytes.length, 0) <= 2 ** 30, `${name}: parts of more than 1 GiB`)
  return {
    eventsUpTo,
    parts: Object.fromEntries(contents.map((part) => [part.name, { bytes: part.bytes.length, crc32: hex8(crc32(part.bytes)) }])),
  }
}

function readKeyframes(folder, logId, { count, lastSeq }) {
  const root = join(folder, 'keyframes')
  if (!existsSync(root)) return []
  const folds = readdirSync(root).filter((fold) => NAME.test(fold))
  return folds.toSorted().flatMap((fold) => {
    const seqs = readdirSync(join(root, fold)).flatMap((name) => (/^\d{12,16}\.kf$/.test(name) ? [Number.parseInt(name, 10)] : []))
    return seqs
      .filter((seq) => seq <= lastSeq)
      .toSorted((a, b) => a - b)
      .map((seq) => {
        const { eventsUpTo, parts } = readKeyframe(folder, logId, fold, seq)
        const expected = count - lastSeq + seq
        must(eventsUpTo === expected, `keyframe ${fold} ${seq}: ${eventsUpTo} events up to it, not ${expected}`)
        return { fold, seq, parts }
      })
  })
}

function readLog(folder, print) {
  const meta = readMeta(folder)
  const logId = Buffer.from(meta.id, 'hex')
  const segments = readSegments(folder, logId, print)
  must(segments.count >= (meta.closed?.events ?? 0), 'fewer events than when the log was closed')
  return { meta, ...segments, attachments: readAttachments(folder), keyframes: readKeyframes(folder, logId, segments) }
}

let lines = []
const flush = () => {
  process.stdout.write(lines.join(''))
  lines = []
}
try {
  const rest = readLog(process.argv[2], (event) => lines.push(`${JSON.stringify(event)}\n`))
  flush()
  process.stderr.write(`${JSON.stringify(rest)}\n`)
} catch (error) {
  flush()
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 3
}
