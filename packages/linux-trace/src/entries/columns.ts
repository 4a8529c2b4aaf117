/** The columns of a batch, in two buffers, so that they change hands at once, and come back to be used again. */
/** Rows of one batch at most. */
export const BATCH_ROWS = 4096

/** One row may bring a gap with it. */
const ROOM = BATCH_ROWS + 1
/** Fields of a row on average; where there are more, their buffer grows. */
const FIELDS = 8

/** The columns of a batch; they may have room for more rows than it has. */
export interface Columns {
  /** Place in `items`; -1 for a hit in the columns. */
  item: Int32Array
  /** Number of the entry; of a gap, that of the last entry before it. */
  number: Float64Array
  /** Line of the file it begins at; 0 where there are no lines. */
  line: Float64Array
  /** Nanoseconds; of a gap, the time of the last entry before it. */
  time: Float64Array
  cpu: Uint32Array
  /** Places in the tables that the batches up to this one add to. */
  task: Uint32Array
  context: Uint32Array
  shape: Uint32Array
  /** Where the entry's fields begin in `words`. */
  at: Uint32Array
  /** Bit i: field i is printed as hexadecimal; bit 16 + i: it is a negative number. */
  form: Uint32Array
  /** Bytes of kept entries that stand before the row. */
  keptBefore: Uint32Array
  /** Two halves of each field, the lower first. */
  words: Uint32Array
}

const DOUBLES = 3
const WORDS = 8
const BYTES = ROOM * (DOUBLES * 8 + WORDS * 4)

/** Columns in a buffer of `BYTES`. */
function columnsIn(buffer: ArrayBuffer, words: Uint32Array): Columns {
  const doubles = (i: number): Float64Array => new Float64Array(buffer, ROOM * 8 * i, ROOM)
  const at = (i: number): number => ROOM * (DOUBLES * 8 + i * 4)
  const column = (i: number): Uint32Array => new Uint32Array(buffer, at(i), ROOM)
  return {
    number: doubles(0),
    line: doubles(1),
    time: doubles(2),
    item: new Int32Array(buffer, at(0), ROOM),
    cpu: column(1),
    task: column(2),
    context: column(3),
    shape: column(4),
    at: column(5),
    form: column(6),
    keptBefore: column(7),
    words,
  }
}

/** Of few rows a copy with no more room than they need, so that the columns stay. */
export const fewRows = (c: Columns, rows: number, words: number): Columns => ({
  number: c.number.slice(0, rows),
  line: c.line.slice(0, rows),
  time: c.time.slice(0, rows),
  item: c.item.slice(0, rows),
  cpu: c.cpu.slice(0, rows),
  task: c.task.slice(0, rows),
  context: c.context.slice(0, rows),
  shape: c.shape.slice(0, rows),
  at: c.at.slice(0, rows),
  form: c.form.slice(0, rows),
  keptBefore: c.keptBefore.slice(0, rows),
  words: c.words.slice(0, words),
})

/** Buffers of batches that nobody looks at any more. */
export interface SpareBuffers {
  readonly columns: ArrayBuffer
  readonly words: ArrayBuffer
  /** Of kept entries; null: a copy that is not worth it. */
  readonly kept: ArrayBuffer | null
}

/** Memory of kept entries from this length on is used again. */
const KEPT_BYTES = 1 << 16

/** The buffers of a batch that is done with; null when it has none of its own. */
export function spareOf({ number, words, kept }: Pick<Columns, 'number' | 'words'> & { readonly kept: Uint8Array }): SpareBuffers | null {
  if (number.buffer.byteLength !== BYTES) return null
  const bytes = kept.buffer as ArrayBuffer
  return { columns: number.buffer as ArrayBuffer, words: words.buffer as ArrayBuffer, kept: bytes.byteLength >= KEPT_BYTES ? bytes : null }
}

/** Where builders take columns from. */
export class ColumnPool {
  readonly #spare: SpareBuffers[] = []

  readonly #spareBytes: ArrayBuffer[] = []

  give(spare: SpareBuffers): void {
    this.#spare.push(spare)
    if (spare.kept !== null) this.#spareBytes.push(spare.kept)
  }

  /** Memory for kept entries, where there is some. */
  takeBytes(): ArrayBuffer | undefined {
    return this.#spareBytes.pop()
  }

  take(): Columns {
    const spare = this.#spare.pop()
    if (spare === undefined) return columnsIn(new ArrayBuffer(BYTES), new Uint32Array(BATCH_ROWS * FIELDS * 2))
    return columnsIn(spare.columns, new Uint32Array(spare.words))
  }
}
