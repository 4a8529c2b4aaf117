import type { JSX } from 'preact'
import type { Go } from '../page/use-link.ts'

/** An event's number, which leads there. */
export function EventLink({ seq, go }: { readonly seq: number; readonly go: Go }): JSX.Element {
  return (
    <button type="button" class="to" onClick={() => go(seq > 0 ? { at: seq, selected: seq, rule: null } : { at: 0 }, true)}>
      {seq > 0 ? `event ${seq}` : 'the baseline'}
    </button>
  )
}
