import type { Json } from '@devtrail/events'
import { changeLines, type ChangeLine } from '@devtrail/survey'
import type { JSX } from 'preact'
import type { Go } from '../page/use-link.ts'
import type { ChangeRow } from '../protocol.ts'
import { EventLink } from './EventLink.tsx'
import { Perhaps, Unknown } from './Known.tsx'
import { valueWords } from './value-words.ts'

function Value({ of }: { readonly of: Json | undefined }): JSX.Element {
  if (of === null) return <Unknown />
  return <span>{valueWords(of)}</span>
}

const whatOf = ({ from, to, perhaps }: ChangeRow): string =>
  `${String(perhaps.from)} ${valueWords(from)} → ${String(perhaps.to)} ${valueWords(to)}`

function Changed({
  of: { path, change, first, last },
  go,
}: {
  readonly of: ChangeLine<ChangeRow>
  readonly go: CompareProps['go']
}): JSX.Element {
  const { from, to, perhaps } = change
  return (
    <tr>
      <td>
        <code>{path}</code>
        <div>
          <Perhaps sure={!perhaps.from}>
            <Value of={from} />
          </Perhaps>
          <span class="unseen"> became </span>
          <span aria-hidden="true"> → </span>
          <strong>
            <Perhaps sure={!perhaps.to}>
              <Value of={to} />
            </Perhaps>
          </strong>
        </div>
      </td>
      <td>
        {first === null ? <Unknown /> : <EventLink seq={first} go={go} />}
        {last === null || last === first ? null : (
          <>
            {' '}
            to <EventLink seq={last} go={go} />
          </>
        )}
      </td>
    </tr>
  )
}

/** Changes that are shown. */
const CHANGES_MAX = 300

interface CompareProps {
  readonly at: number
  readonly compare: number | null
  readonly changes: readonly ChangeRow[] | null
  readonly go: Go
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
              <th scope="col">what was, and is</th>
              <th scope="col">by</th>
            </tr>
          </thead>
          {[...Map.groupBy(changes.slice(0, CHANGES_MAX), ({ device }) => device)].map(([device, of]) => (
            <tbody key={device}>
              <tr>
                <th colSpan={2} scope="rowgroup">
                  {device ?? 'the machine'}
                </th>
              </tr>
              {changeLines(of, whatOf, ({ seq }) => seq).map((line) => (
                <Changed key={line.path} of={line} go={go} />
              ))}
            </tbody>
          ))}
        </table>
      )}
      {changes !== null && changes.length > CHANGES_MAX && <p>{changes.length - CHANGES_MAX} more; devtrail diff lists all</p>}
    </>
  )
}
