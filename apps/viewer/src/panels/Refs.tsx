import type { JSX } from 'preact'
import type { Go } from '../page/use-link.ts'
import type { RefRow, RefsAt } from '../protocol.ts'
import { EventLink } from './EventLink.tsx'
import { Perhaps, Unknown } from './Known.tsx'

function Since({ of, go }: { readonly of: RefRow['since']; readonly go: Go }): JSX.Element | null {
  if (of === null) return null
  return (
    <>
      , since <EventLink seq={of.first} go={go} />
      {of.last === of.first ? null : (
        <>
          {' '}
          to <EventLink seq={of.last} go={go} />
        </>
      )}
    </>
  )
}

function Owner({ of: { device, isByNamespace } }: { readonly of: RefRow }): JSX.Element {
  if (device === null) {
    return (
      <h3>
        <Unknown what="device" />
      </h3>
    )
  }
  return (
    <h3>
      {device}
      {isByNamespace && <small> or who claims it</small>}
    </h3>
  )
}

/** The references that are still out, also on pages of memory that is gone. */
export function Refs({ told, go }: { readonly told: RefsAt | null; readonly go: Go }): JSX.Element {
  if (told === null) return <p>…</p>
  if (told.refs.length === 0) return <p class="nothing">No reference is known to be out at this point.</p>
  return (
    <>
      {[...Map.groupBy(told.refs, ({ device, isByNamespace }) => `${device ?? ''}${isByNamespace ? ' ?' : ''}`)].map(([key, refs]) => (
        <section key={key}>
          <Owner of={refs[0]!} />
          <ul class="refs">
            {refs.map((ref, i) => (
              <li key={i}>
                <Perhaps sure={ref.certain}>
                  {ref.words}
                  <Since of={ref.since} go={go} />
                  {ref.isMemoryGone && <strong class="gone"> of memory that is gone</strong>}
                </Perhaps>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {told.more > 0 && <p>{told.more} more; devtrail refs lists all</p>}
    </>
  )
}
