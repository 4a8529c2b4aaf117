/**
 * What a power failure may take: the stores that are not durable yet. A word is whole or gone. What is longer is a run of cache lines,
 * each of which may be there or not, and of which single words may.
 */
import { LINE_BYTES, type Medium } from '../media/medium.ts'
import { WORD_BYTES, type PersistOp } from './persist-op.ts'

type Store = Extract<PersistOp, { kind: 'store' }>

/** A piece of a store that becomes durable as one: a word, or what it has of a line. */
export interface Piece {
  readonly at: number
  readonly bytes: Uint8Array
  /** CPUs that flushed it, and did not come to a fence since. */
  readonly flushedBy: Set<number>
  readonly order: number
}

/** The pieces of one store. */
export interface PendingStore {
  readonly isWord: boolean
  pieces: Piece[]
}

function piecesOf({ at, bytes }: Store, order: number): Piece[] {
  const pieces: Piece[] = []
  for (let done = 0; done < bytes.length;) {
    const end = bytes.length <= WORD_BYTES ? bytes.length : Math.min(bytes.length, done + LINE_BYTES - ((at + done) % LINE_BYTES))
    pieces.push({ at: at + done, bytes: bytes.subarray(done, end), flushedBy: new Set(), order })
    done = end
  }
  return pieces
}

const lineOf = (at: number): number => Math.floor(at / LINE_BYTES)

/** Follows a program's stores, flushes and fences; `medium` holds what is durable. */
export class Pending {
  readonly medium: Medium
  readonly stores: PendingStore[] = []
  #order = 0

  constructor(medium: Medium) {
    this.medium = medium
  }

  take(op: PersistOp): void {
    if (op.kind === 'store') {
      this.stores.push({ isWord: op.bytes.length <= WORD_BYTES, pieces: piecesOf(op, this.#order++) })
      return
    }
    if (op.kind === 'flush') this.#flush(op)
    else this.#fence(op.cpu)
  }

  #flush({ cpu, at, length }: Extract<PersistOp, { kind: 'flush' }>): void {
    const [first, last] = [lineOf(at), lineOf(at + length - 1)]
    for (const { pieces } of this.stores) {
      for (const piece of pieces) {
        if (lineOf(piece.at) <= last && lineOf(piece.at + piece.bytes.length - 1) >= first) piece.flushedBy.add(cpu)
      }
    }
  }

  #fence(cpu: number): void {
    for (const store of this.stores) {
      for (const piece of store.pieces) if (piece.flushedBy.has(cpu)) this.medium.store(piece.at, piece.bytes)
      store.pieces = store.pieces.filter((piece) => !piece.flushedBy.has(cpu))
    }
    for (let i = this.stores.length - 1; i >= 0; i--) if (this.stores[i]!.pieces.length === 0) this.stores.splice(i, 1)
  }
}
