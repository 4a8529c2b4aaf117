import type { Json } from '@devtrail/events'
import type { JSX } from 'preact'
import type { Link } from '../page/link.ts'
import type { ChangeRow } from '../protocol.ts'
import { EventLink } from './EventLink.tsx'
import { Unknown } from './Known.tsx'

function Value({ of }: { readonly of: Json }): JSX.Element {
  if (of === null) return <Unknown />
  if (of === false) return <span class="nothing">none</span>
  return <code>{typeof of === 'object' ? JSON.stringify(of) : String(of)}</code>
}

/** Changes that are shown. */
const CHANGES_MAX = 300

interface CompareProps {
  readonly at: number
  readonly compare: number | null
  readonly changes: readonly ChangeRow[] | null
  readonly go: (to: Partial<Link>) => void
}

/** What is different of two moments. */
export function Compare({ at, compare, changes, go }: CompareProps): JSX.Element {
  if (compare === null)
    return (
      <p>
        <button type="button" onClick={() => go({ compare: at })}>
          Keep this moment (event {at}) to compare with
        </button>{' '}
        then travel to another one. <kbd>m</kbd> does the same.
      </p>
    )
  const [from, to] = [Math.min(at, compare), Math.max(at, compare)]
  return (
    <>
      <p>
        After event {from} and after event {to}:{' '}
        {changes === null ? 'comparing …' : changes.length === 0 ? 'nothing is different' : `${changes.length} values are different`}.{' '}
        <button type="button" onClick={() => go({ compare: null })}>
          Stop comparing
        </button>
      </p>
      {changes !== null && changes.length > 0 && (
        <table class="changes">
          <thead>
            <tr>
              <th scope="col">of</th>
              <th scope="col">field</th>
              <th scope="col">was</th>
              <th scope="col">is</th>
              <th scope="col">by</th>
            </tr>
          </thead>
          <tbody>
            {changes.slice(0, CHANGES_MAX).map((change, i) => (
              <tr key={i}>
                <td>{change.device ?? 'machine'}</td>
                <td>
                  <code>{change.path}</code>
                </td>
                <td class="was">
                  <Value of={change.from} />
                </td>
                <td class="is">
                  <Value of={change.to} />
                </td>
                <td>{change.seq === null ? <Unknown /> : <EventLink seq={change.seq} go={go} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {changes !== null && changes.length > CHANGES_MAX && <p>{changes.length - CHANGES_MAX} more; devtrail diff lists all</p>}
    </>
  )
}
