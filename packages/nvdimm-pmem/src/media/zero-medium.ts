import { assertWithin, MediumError, type Medium } from './medium.ts'
import { WordStores } from './word-stores.ts'

/** So many bytes of zeros, of any size; lay an {@link OverlayMedium} over it to write. */
export class ZeroMedium extends WordStores implements Medium {
  readonly size: number

  constructor(size: number) {
    super()
    this.size = size
  }

  load(at: number, into: Uint8Array): void {
    assertWithin(this, at, into.length)
    into.fill(0)
  }

  load32(at: number): number {
    assertWithin(this, at, 4)
    return 0
  }

  store(at: number, from: Uint8Array): void {
    throw new MediumError('zeros that nothing is written to', at, from.length)
  }

  zero(at: number, length: number): void {
    assertWithin(this, at, length)
  }

  flush(): void {}

  fence(): void {}
}
