/**
 * Faults on memory of DAX files (fs/dax.c). The device is used only while it is asked where the page is: what a page table
 * maps afterwards holds nothing of it. So a device can go while its pages are mapped.
 */
import { errno, type Emitter } from '@devtrail/events'
import type { MemremapPayload, faultResults } from '../events.ts'
import { pfnTDevmap, pfnTToPfn } from '../page/pfn-t.ts'
import type { FaultRules } from '../rules.ts'
import { addressOf, entryOf, PMD_PAGES, type AddressSpace, type Vma } from './address-space.ts'
import type { DirectAccess } from './dax-device.ts'
import type { DaxFile } from './dax-file.ts'
import type { Steps } from '../tasks.ts'

export type FaultResult = (typeof faultResults)[number]

export interface Faulting {
  readonly write?: boolean
  /** Tries 2 MiB first, where the area has them. */
  readonly pmd?: boolean
}

interface Outcome {
  readonly result: FaultResult
  readonly errno: number
  readonly found: DirectAccess | null
}

const failed = (result: FaultResult, errno: number): Outcome => ({ result, errno, found: null })

export class DaxFaults {
  readonly #emitter: Emitter
  readonly #rules: FaultRules

  constructor(emitter: Emitter, rules: FaultRules) {
    this.#emitter = emitter
    this.#rules = rules
  }

  /** `handle_mm_fault` of a page of a DAX file: with 2 MiB if asked for and possible, else with one page. */
  *fault(space: AddressSpace, page: number, { write = false, pmd = false }: Faulting = {}): Steps<FaultResult> {
    const vma = space.vmaAt(page)
    const file = vma?.file ?? null
    if (vma === null || file === null || (write && !vma.writable)) return 'sigbus'
    const huge = pmd ? yield* this.#one(vma, file, page - (page % PMD_PAGES), write, PMD_PAGES) : 'fallback'
    return huge === 'fallback' ? yield* this.#one(vma, file, page, write, 1) : huge
  }

  *#one(vma: Vma, file: DaxFile, page: number, write: boolean, pages: number): Steps<FaultResult> {
    const pmd = pages > 1
    this.#say('memremap/fault-started', { mm: vma.space.pid, address: addressOf(page), write, pmd })
    const pgoff = vma.pgoff + page - vma.first
    for (;;) {
      const outcome = pmd && !fits(vma, file, page, pgoff) ? failed('fallback', 0) : this.#ask(file, pgoff, pages)
      yield null
      if (!file.truncating) return this.#insert(vma, file, page, write, pages, outcome)
      yield { until: () => !file.truncating, what: 'the file to be truncated' }
    }
  }

  /** Uses the device: where is the page? */
  #ask(file: DaxFile, pgoff: number, pages: number): Outcome {
    const pmd = pages > 1
    const block = file.blocks[pgoff]
    if (block === undefined) return failed('sigbus', errno.ENXIO)
    const refused = file.device.enter()
    if (refused !== 0) return failed(pmd && this.#rules.pmdErrorsFallBack ? 'fallback' : 'sigbus', this.#rules.deadErrno)
    const found = file.device.directAccess(block, pages)
    file.device.exit()
    if (typeof found === 'number') return failed(pmd && this.#rules.pmdErrorsFallBack ? 'fallback' : 'sigbus', found)
    const unusable = found.pages < pages || (pmd && pfnTToPfn(found.pfn) % PMD_PAGES !== 0)
    if (pmd && (unusable || !pfnTDevmap(found.pfn))) return failed('fallback', this.#rules.pmdErrorsFallBack ? errno.EINVAL : 0)
    return unusable ? failed('sigbus', errno.EINVAL) : { result: 'mapped', errno: 0, found }
  }

  /** Puts the entry in, unless the file lost the page meanwhile. */
  #insert(vma: Vma, file: DaxFile, page: number, write: boolean, pages: number, outcome: Outcome): FaultResult {
    const pmd = pages > 1
    const pgoff = vma.pgoff + page - vma.first
    let { result, errno: why } = outcome
    const entry = outcome.found === null ? null : entryOf(outcome.found.pfn, write, pmd)
    if (entry !== null && file.blocks[pgoff + pages - 1] === undefined) {
      result = 'sigbus'
      why = errno.ENXIO
    } else if (entry !== null) {
      if (!pmd) vma.space.setPte(page, entry)
      else if (!vma.space.setPmd(page, entry)) result = 'fallback'
      if (result === 'mapped') for (let n = 0; n < pages; n++) file.entries.set(pgoff + n, entry.pfn + n)
    }
    const mapped = result === 'mapped' ? entry : null
    this.#say('memremap/fault-ended', {
      mm: vma.space.pid,
      address: addressOf(page),
      pmd,
      result,
      errno: why,
      pfn: mapped?.pfn ?? null,
      pages: mapped === null ? 0 : pages,
      writable: mapped?.writable ?? false,
      devmap: mapped?.devmap ?? false,
    })
    return result
  }

  #say<T extends MemremapPayload['type']>(type: T, data: Extract<MemremapPayload, { type: T }>['data']): void {
    if (this.#emitter.on) this.#emitter.emit<MemremapPayload>(type, data)
  }
}

/** Whether 2 MiB around a page lie in the area and in the file, and lie alike in both. */
function fits(vma: Vma, file: DaxFile, page: number, pgoff: number): boolean {
  return page >= vma.first && page + PMD_PAGES - 1 <= vma.last && pgoff % PMD_PAGES === 0 && contiguous(file, pgoff)
}

function contiguous(file: DaxFile, pgoff: number): boolean {
  const first = file.blocks[pgoff]
  for (let n = 0; n < PMD_PAGES; n++) if (first === undefined || file.blocks[pgoff + n] !== first + n) return false
  return true
}
