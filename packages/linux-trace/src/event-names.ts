import { isKnownFunction } from './known-probes.ts'
import { catalogue } from './record/catalogue.ts'

/** Tracepoints that say what happens to the mapping of files, not to the lifetime of pages (include/trace/events/fs_dax.h). */
const FS_DAX: readonly string[] = (
  'dax_pmd_fault dax_pmd_fault_done dax_pmd_load_hole dax_pmd_load_hole_fallback dax_pmd_insert_mapping dax_pmd_insert_mapping_fallback ' +
  'dax_pte_fault dax_pte_fault_done dax_load_hole dax_insert_mapping dax_insert_pfn_mkwrite dax_insert_pfn_mkwrite_no_entry ' +
  'dax_writeback_range dax_writeback_range_done dax_writeback_one'
).split(' ')

const TRACEPOINTS: ReadonlySet<string> = new Set([...FS_DAX, 'devres_log', 'console', 'tracing_mark_write', 'print'])

const PROBES: ReadonlySet<string> = new Set(catalogue.flatMap(({ event, symbol }) => [event, symbol]))

/** Of a probe's name what it is named after: as `devtrail record` calls them, perf (`SYMBOL__return`), and tracefs where nobody does (`p_SYMBOL_0`). */
const bareName = (event: string): string => event.replace(/^[pr]_(.*)_\d{1,5}$/, '$1').replace(/(?:__return|_ret)$/, '')

/**
 * Whether a name of a trace's event tells nothing of who recorded it: a tracepoint's that is known here, or a probe's that is named after
 * a function which is. Anybody can call a probe anything.
 */
export function isUsualEvent(event: string): boolean {
  const bare = bareName(event)
  return TRACEPOINTS.has(event) || PROBES.has(bare) || isKnownFunction(bare)
}
