import { assertWithin, type Medium } from './medium.ts'
import { WordStores } from './word-stores.ts'

const PAGE = 4096

/** A medium over another that is never written: what is stored is kept in pages of its own. */
export class OverlayMedium extends WordStores implements Medium {
  readonly size: number
  readonly #base: Medium
  readonly #pages = new Map<number, Uint8Array<ArrayBuffer>>()

  constructor(base: Medium) {
    super()
    this.#base = base
    this.size = base.size
  }

  load(at: number, into: Uint8Array): void {
    assertWithin(this, at, into.length)
    if (this.#pages.size === 0) return this.#base.load(at, into)
    for (const [page, from, to, place] of pieces(at, into.length)) {
      const own = this.#pages.get(page)
      if (own === undefined) this.#base.load(page * PAGE + from, into.subarray(place, place + to - from))
      else into.set(own.subarray(from, to), place)
    }
  }

  load32(at: number): number {
    assertWithin(this, at, 4)
    const own = this.#pages.get(Math.floor(at / PAGE))
    if (own === undefined) return this.#base.load32(at)
    return new DataView(own.buffer, own.byteOffset).getUint32(at % PAGE, true)
  }

  store(at: number, from: Uint8Array): void {
    assertWithin(this, at, from.length)
    for (const [page, start, to, place] of pieces(at, from.length)) this.#own(page).set(from.subarray(place, place + to - start), start)
  }

  zero(at: number, length: number): void {
    assertWithin(this, at, length)
    for (const [page, from, to] of pieces(at, length)) this.#own(page).fill(0, from, to)
  }

  flush(): void {}

  fence(): void {}

  #own(page: number): Uint8Array {
    let own = this.#pages.get(page)
    if (own === undefined) {
      own = new Uint8Array(PAGE)
      this.#base.load(page * PAGE, own.subarray(0, Math.min(PAGE, this.size - page * PAGE)))
      this.#pages.set(page, own)
    }
    return own
  }
}

/** The parts of a range page by page: the page, from where to where within it, and the place within the range. */
function* pieces(at: number, length: number): Generator<readonly [page: number, from: number, to: number, place: number]> {
  for (let place = 0; place < length;) {
    const page = Math.floor((at + place) / PAGE)
    const from = (at + place) % PAGE
    const to = Math.min(PAGE, from + length - place)
    yield [page, from, to, place]
    place += to - from
  }
}
