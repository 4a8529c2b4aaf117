import type { RowShape } from '../entries/row.ts'
import { missingFields } from '../known-probes.ts'

/** What a hit is. Numbers: it is asked of each. */
export const straight = { lookup: 0, lookupReturn: 1, grab: 2, grabReturn: 3 } as const

/** What the straight way has to know of the hits of one shape. Fields are told by where their words begin; -1: there is none. */
export interface StraightPlan {
  readonly what: number
  readonly symbol: string
  readonly pfn: number
  readonly cached: number
  readonly page: number
  readonly word: number
  readonly refcount: number
  readonly refs: number
  readonly flags: number
  readonly vmemmap: number
  readonly ret: number
  readonly folio: boolean
}

const GRABS: ReadonlySet<string> = new Set(['try_grab_page', 'try_grab_folio', 'try_grab_folio_fast', 'try_grab_compound_head'])

/** How the hits of a shape are gone through; null when only their handlers know. */
export function straightPlan({ shape, slots }: RowShape): StraightPlan | null {
  const { symbol, edge } = shape
  const isGrab = GRABS.has(symbol)
  if (!isGrab && symbol !== 'get_dev_pagemap') return null
  if (edge === 'return' ? !slots.has('ret') : missingFields({ symbol, edge, fields: slots }).length > 0) return null
  // Without it the base of the memmap is learnt on the way.
  if (edge === 'enter' && isGrab && !slots.has('vmemmap')) return null
  const word = (name: string): number => (slots.get(name) ?? -0.5) * 2
  return {
    what: edge === 'return' ? (isGrab ? straight.grabReturn : straight.lookupReturn) : isGrab ? straight.grab : straight.lookup,
    symbol,
    pfn: word('pfn'),
    cached: word('cached'),
    page: word('page'),
    word: word('pgmap'),
    refcount: word('refcount'),
    refs: word('refs'),
    flags: word('flags'),
    vmemmap: word('vmemmap'),
    ret: word('ret'),
    folio: symbol !== 'try_grab_page',
  }
}
