import type { ImportContext } from './context.ts'
import { namespaceOfPage } from './idle-at-start.ts'

/** Says of each pagemap whose owner was never named that it belongs to whatever claims the namespace its pages lie in. */
export function sayOwnersByNamespace(ctx: ImportContext): void {
  for (const p of ctx.memremap.pagemaps.values()) {
    const pfn = p.start === null ? [...p.pages.keys()][0] : Number(p.start >> 12n)
    const looked = pfn ?? ctx.lookedUp.get(p.id)
    if (p.device !== null || looked === undefined) continue
    const namespace = namespaceOfPage(ctx, looked)
    if (namespace === null) continue
    const identified = { pagemap: p.id, device: null, namespace, start: null, end: null, type: null, ref: null }
    ctx.say('memremap/pagemap-identified', identified, { inferred: true })
  }
}
