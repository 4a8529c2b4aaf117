/**
 * What holds page references after the task that took them went on: bios, until their input or output ends, and pipes, until
 * somebody reads them. They come from one task and are given back by another.
 */
import { hex, type Emitter, type Ids, type Pfn, type Pointer } from '@devtrail/events'
import type { holderKinds, MemremapPayload } from '../events.ts'
import { pfnToPage } from '../page/page-address.ts'
import type { FreeingOwner, PageReferences } from '../page/page-references.ts'
import type { ReferenceKind } from '../page/page-said.ts'
import type { StructPages } from '../page/struct-pages.ts'

type HolderKind = (typeof holderKinds)[number]

export interface HolderParts<P extends FreeingOwner> {
  readonly emitter: Emitter
  readonly ids: Ids
  readonly references: PageReferences<P>
  readonly pages: StructPages<P>
}

interface Run {
  readonly first: Pfn
  readonly count: number
}

/** Neighbouring pages of one range as one. */
function runsOf<P extends FreeingOwner>(pfns: readonly Pfn[], pages: StructPages<P>): Run[] {
  const runs: { first: Pfn; count: number }[] = []
  for (const pfn of pfns) {
    const run = runs.at(-1)
    if (run !== undefined && run.first + run.count === pfn && pages.at(pfn) === pages.at(run.first)) run.count++
    else runs.push({ first: pfn, count: 1 })
  }
  return runs
}

abstract class Holder<P extends FreeingOwner> {
  readonly pointer: Pointer
  protected readonly parts: HolderParts<P>
  readonly #kind: HolderKind
  #pfns: readonly Pfn[]

  constructor(parts: HolderParts<P>, kind: HolderKind, base: bigint, pfns: readonly Pfn[]) {
    this.parts = parts
    this.#kind = kind
    this.pointer = hex(base + BigInt(parts.ids.next(kind)) * 0x100n)
    this.#pfns = [...pfns]
    this.#say('task', kind)
  }

  /** The pages it holds. */
  get pfns(): readonly Pfn[] {
    return this.#pfns
  }

  #say(from: HolderKind, to: HolderKind): void {
    const { emitter, pages } = this.parts
    if (!emitter.on) return
    for (const { first, count } of runsOf(this.#pfns, pages))
      emitter.emit<MemremapPayload>('memremap/references-handed', {
        pfn: first,
        pages: count,
        pagemap: pages.at(first)?.pagemap.id ?? null,
        from,
        to,
        holder: this.pointer,
      })
  }

  /** The acting task has its pages again, in runs; it holds none any more. */
  protected takeBack(): Run[] {
    this.#say(this.#kind, 'task')
    const runs = runsOf(this.#pfns, this.parts.pages)
    this.#pfns = []
    return runs
  }
}

/** A bio with the pages that `bio_iov_iter_get_pages` took: direct input or output. */
export class Bio<P extends FreeingOwner> extends Holder<P> {
  readonly #kind: ReferenceKind

  /** `pfns`: referenced by the acting task, by `kind`. */
  constructor(parts: HolderParts<P>, pfns: readonly Pfn[], kind: ReferenceKind = 'get') {
    super(parts, 'bio', 0xffff_8883_0000_0000n, pfns)
    this.#kind = kind
  }

  /** `bio_release_pages`, at its end: counts drop; who waits for one of the pages is not woken under 6.1. */
  end(): void {
    const { emitter, references } = this.parts
    const vectors = this.pfns
    const page = (n: number): Pointer | null => (vectors[n] === undefined ? null : pfnToPage(vectors[n]))
    const length = (n: number): number | null => (vectors[n] === undefined ? null : 4096)
    const cause = emitter.on
      ? emitter.emit<MemremapPayload>('memremap/bio-released', {
          bio: this.pointer,
          vectors: vectors.length,
          page0: page(0),
          len0: length(0),
          page1: page(1),
          len1: length(1),
          page2: page(2),
          len2: length(2),
        })
      : 0
    emitter.because(cause, () => {
      for (const { first, count } of this.takeBack()) references.put(first, { pages: count, kind: this.#kind, how: 'bio' })
    })
  }
}

/** A pipe with pages that were spliced into it (`splice_to_pipe`). */
export class Pipe<P extends FreeingOwner> extends Holder<P> {
  /** `pfns`: referenced by the acting task, by FOLL_GET. */
  constructor(parts: HolderParts<P>, pfns: readonly Pfn[]) {
    super(parts, 'pipe', 0xffff_8884_0000_0000n, pfns)
  }

  /** `pipe_buf_release`: it was read, or closed. */
  release(): void {
    for (const { first, count } of this.takeBack()) for (let n = 0; n < count; n++) this.parts.references.putPage(first + n)
  }
}
