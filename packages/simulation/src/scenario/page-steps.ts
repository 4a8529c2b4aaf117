/** What the steps of a task do with pages of files. */
import { PMD_PAGES, type Steps } from '@devtrail/memremap'
import type { Exchange } from './exchange.ts'
import type { PagesOf } from './scenario.ts'

/** Faults pages in; of a character device as large as its mappings are. */
export function* touching(exchange: Exchange, pid: number, of: PagesOf): Steps<void> {
  const { faults } = exchange.machine.registry
  const { space, page, pages } = placeOf(exchange, pid, of)
  const pmd = exchange.machine.isCharacterDevice(of.file)
  for (let at = page; at < page + pages;) {
    yield* faults.fault(space, at, { write: true, pmd })
    at += space.find(at)?.pmd === true ? PMD_PAGES - (at % PMD_PAGES) : 1
  }
}

function placeOf(
  exchange: Exchange,
  pid: number,
  { file, page = 0, pages }: PagesOf,
): { space: ReturnType<Exchange['mapped']>['space']; page: number; pages: number } {
  const { space, first } = exchange.mapped(pid, file)
  return { space, page: first + page, pages: pages ?? exchange.machine.file(file).blocks.length - page }
}

/** BIO_MAX_VECS */
const BIO_VECTORS = 256

/** `bio_iov_iter_get_pages`: as many pages at a time as there are vectors left; neighbouring pages share one. */
export function* intoBio(exchange: Exchange, pid: number, of: PagesOf, flags: number): Steps<readonly number[]> {
  const { page = 0 } = of
  const { pages } = placeOf(exchange, pid, of)
  const taken: number[] = []
  let vectors = 0
  while (taken.length < pages && vectors < BIO_VECTORS) {
    const wanted = Math.min(BIO_VECTORS - vectors, pages - taken.length)
    const pfns = yield* walked(exchange, pid, { file: of.file, page: page + taken.length, pages: wanted }, flags)
    for (const pfn of pfns) {
      if (taken.at(-1) !== pfn - 1) vectors++
      taken.push(pfn)
    }
    if (pfns.length < wanted) break
  }
  return taken
}

export function* walked(exchange: Exchange, pid: number, of: PagesOf, flags: number): Steps<readonly number[]> {
  const { space, page, pages } = placeOf(exchange, pid, of)
  const { pfns } = yield* exchange.machine.registry.userPages.pages(space, page, pages, flags)
  return pfns
}
