/** Values as far as they are known: what is not, and what is a bound, looks so and says so. */
import type { Count } from '@devtrail/events'
import { isExact } from '@devtrail/events'
import { bytes, count } from '@devtrail/survey'
import type { ComponentChildren, JSX } from 'preact'

export function Unknown({ what }: { readonly what?: string }): JSX.Element {
  return (
    <span class="unknown" title="not known: the recording does not tell">
      ?{what === undefined ? '' : ` ${what}`}
    </span>
  )
}

export function Text({ of }: { readonly of: string | null | undefined }): JSX.Element {
  return of == null ? <Unknown /> : <span>{of}</span>
}

export function YesNo({ of }: { readonly of: boolean | null | undefined }): JSX.Element {
  return of == null ? <Unknown /> : <span>{of ? 'yes' : 'no'}</span>
}

export function Number({ of }: { readonly of: Count | undefined }): JSX.Element {
  if (of == null) return <Unknown />
  if (isExact(of)) return <span>{count(of)}</span>
  return (
    <span class="bound" title="a bound: the true value is not in the recording">
      {count(of)}
    </span>
  )
}

/** That a list may hold more. */
export function More({ complete, empty = false }: { readonly complete: boolean; readonly empty?: boolean }): JSX.Element | null {
  if (complete) return empty ? <span class="nothing">none</span> : null
  return (
    <span class="unknown" title="the list is not complete: the recording does not tell all">
      {empty ? '? not known' : '? and maybe more'}
    </span>
  )
}

export function Perhaps({ sure, children }: { readonly sure: boolean; readonly children: ComponentChildren }): JSX.Element {
  return sure ? (
    <>{children}</>
  ) : (
    <span class="perhaps">
      <span class="unknown">? perhaps</span> {children}
    </span>
  )
}

export function Range({ start, end }: { readonly start: string; readonly end: string }): JSX.Element {
  return (
    <span class="range">
      <code>{start}</code>–<code>{end}</code> <small>{bytes(BigInt(end) - BigInt(start) + 1n)}</small>
    </span>
  )
}

/** Where the kernel has it, if that was told. */
export function Pointer({ of }: { readonly of: string | null }): JSX.Element | null {
  return of === null ? null : <code class="faint">{of}</code>
}

/** Lines of a list that are shown. */
export const LINES_MAX = 40
