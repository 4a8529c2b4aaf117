/** A pagemap of a device: its reference, the pages that are referenced, its altmap. */
import { rangeOf } from '@devtrail/events'
import { holdersText, plural, type JsonList, type PagemapView, type PageRefView } from '@devtrail/survey'
import type { ComponentChildren, JSX } from 'preact'
import type { Go } from '../page/use-link.ts'
import { EventLink } from './EventLink.tsx'
import { LINES_MAX, More, Number, Perhaps, Pointer, Range, Text, Unknown, YesNo } from './Known.tsx'
import { PageStrip } from './PageStrip.tsx'
import { Part, type OnField } from './Part.tsx'

function Holders({ of }: { readonly of: PageRefView }): JSX.Element {
  const by = holdersText(of)
  return by === '' ? (
    <>
      taken by <Unknown />
    </>
  ) : (
    <span>{by}</span>
  )
}

function PageRefs({ list, go }: { readonly list: JsonList<PageRefView>; readonly go: Go }): JSX.Element {
  const all = [...list.known.map((ref) => ({ ref, sure: true })), ...(list.possible ?? []).map((ref) => ({ ref, sure: false }))]
  return (
    <>
      <ul class="refs">
        {all.slice(0, LINES_MAX).map(({ ref, sure }, i) => {
          const { lo, hi } = rangeOf(ref.pages)
          return (
            <li key={i}>
              <Perhaps sure={sure}>
                <strong>
                  {lo === hi ? (
                    plural(lo, 'page')
                  ) : (
                    <>
                      <Number of={ref.pages} /> {lo === 1 && hi === Infinity ? 'page' : 'pages'}
                    </>
                  )}
                </strong>{' '}
                from <code>{ref.pfn}</code>, count <Number of={ref.refcount} />, <Holders of={ref} />
                {ref.since === null ? null : (
                  <>
                    , since <EventLink seq={ref.since.first} go={go} />
                  </>
                )}
              </Perhaps>
            </li>
          )
        })}
      </ul>
      {all.length > LINES_MAX && <p>{all.length - LINES_MAX} more; devtrail refs lists all</p>}
      <More complete={list.complete} empty={all.length === 0} />
    </>
  )
}

export function Pagemap({
  device,
  of,
  sure,
  go,
  onField,
}: {
  device: string
  of: PagemapView
  sure: boolean
  go: Go
  onField: OnField
}): JSX.Element {
  const key = of.ranges?.[0]?.start
  const path = (rest: string): string | undefined => (key === undefined ? undefined : `pagemaps[${key}].${rest}`)
  const part = (name: string, rest: string, children: ComponentChildren): JSX.Element => {
    const to = path(rest)
    return (
      <Part name={name} device={device} onField={onField} {...(to === undefined ? {} : { path: to })}>
        {children}
      </Part>
    )
  }
  return (
    <section class="pagemap">
      <h3>
        <Perhaps sure={sure}>
          pagemap {of.ranges === null ? <Unknown what="range" /> : of.ranges.map((r) => <Range key={r.start} {...r} />)}{' '}
          <small>{of.type ?? 'type ?'}</small>
        </Perhaps>
      </h3>
      <dl>
        <Part name="struct" device={device} onField={onField}>
          {of.id === null ? <Unknown /> : <Pointer of={of.id} />}
        </Part>
        {part('state', 'state', of.state === null ? <Unknown /> : <span class={`badge ${of.state}`}>{of.state}</span>)}
        {part(
          'reference',
          'ref',
          <>
            count <Number of={of.ref.count} />, mode <Text of={of.ref.mode} />, dying <YesNo of={of.ref.dying} /> <Pointer of={of.ref.id} />
          </>,
        )}
        {part('pages', 'pageRefs', <PageRefs list={of.pageRefs} go={go} />)}
        {part(
          'altmap',
          'altmap',
          of.altmap === null ? (
            <Unknown />
          ) : of.altmap === false ? (
            <span class="nothing">none</span>
          ) : (
            `from ${of.altmap.basePfn}, ${of.altmap.reserve} reserved, ${of.altmap.alloc ?? '?'} of ${of.altmap.free} allocated`
          ),
        )}
      </dl>
      <PageStrip of={of} />
      {of.learntAt !== undefined && (
        <p class="faint">
          range and owner learnt at <EventLink seq={of.learntAt} go={go} />
        </p>
      )}
    </section>
  )
}
