/** What is known of the selected event: its fields, and what led to it; or what a violation is, and what proves it. */
import type { JSX } from 'preact'
import type { Link } from '../page/link.ts'
import type { Go } from '../page/use-link.ts'
import type { EventRow, ViolationRow, Why } from '../protocol.ts'
import { Sign } from '../timeline/Markers.tsx'
import { EventLink } from './EventLink.tsx'
import { Unknown } from './Known.tsx'

function Fields({ event }: { readonly event: EventRow }): JSX.Element {
  return (
    <dl class="data">
      {Object.entries(event.data).map(([name, value]) => {
        const raw = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
        const decoded = event.decoded?.[name]
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value === null ? <Unknown /> : <code>{raw}</code>}
              {decoded !== undefined && decoded !== raw && <span class="decoded"> {decoded}</span>}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}

const aboutWords = ({ device, host }: Pick<EventRow, 'device' | 'host'>): string =>
  device !== null ? `, ${device}` : host === undefined ? '' : `, host ${host}`

/** Causes that are listed. */
const CAUSES_MAX = 60

function EventDetail({ event, causes, lookup, beside, go }: Why & { readonly go: Go }): JSX.Element {
  return (
    <>
      <p class="headline">
        <strong>{event.type}</strong>
        {event.inferred === true && <span class="unknown"> inferred</span>}
      </p>
      <p class="faint">
        event {event.seq}
        {event.entry === null ? '' : `, entry ${event.entry}`} at {event.unordered === true ? '~' : ''}
        {event.time} s{aboutWords(event)}
        {event.actor === null ? '' : `, by ${event.actor.comm} (${event.actor.pid})`}
        {event.cpu === null ? '' : `, CPU ${event.cpu}`}
      </p>
      {beside !== null && (
        <p class="faint">
          {event.unordered === true && <span class="unknown">~ </span>}
          {beside}.
        </p>
      )}
      <Fields event={event} />
      <h3>What led to it</h3>
      {causes.length === 0 ? (
        <p class="nothing">Nothing that the recording tells of.</p>
      ) : (
        <ol class="causes">
          {causes.slice(0, CAUSES_MAX).map((cause) => (
            <li key={cause.seq} style={{ paddingLeft: `${Math.min(8, cause.distance - 1)}em` }}>
              <span aria-hidden="true">↳ </span>
              <EventLink seq={cause.seq} go={go} /> <strong>{cause.type}</strong> <span class="faint">{cause.words}</span>
              {cause.ledTo === event.seq ? '' : <small class="faint"> led to {cause.ledTo}</small>}
            </li>
          ))}
        </ol>
      )}
      {lookup !== null && (
        <>
          <h3>Through the lookup</h3>
          <p>
            <EventLink seq={lookup.seq} go={go} /> <strong>{lookup.type}</strong> <span class="faint">{lookup.words}</span>
          </p>
        </>
      )}
    </>
  )
}

/** Pieces of evidence that are listed. */
const EVIDENCE_MAX = 60

function ViolationDetail({ of, go }: { readonly of: ViolationRow; readonly go: Go }): JSX.Element {
  return (
    <article class={`violation ${of.certainty}`}>
      <p class="headline">
        <Sign of={of} /> <strong>{of.rule}</strong> <span class={`badge ${of.certainty}`}>{of.certainty}</span>
      </p>
      <p class="summary">{of.summary}</p>
      <p class="faint">
        {of.device !== null ? `${of.device}, ` : of.host === null ? '' : `host ${of.host}, `}at <EventLink seq={of.seq} go={go} />
      </p>
      <h3>The rule</h3>
      <p>{of.says}</p>
      <p class="faint">{of.because}</p>
      {of.linked.length > 0 && (
        <>
          <h3>Also about these pages</h3>
          <ul>
            {of.linked.map((linked) => (
              <li key={`${linked.rule} ${linked.seq}`}>
                <button type="button" class="to" onClick={() => go({ at: linked.seq, selected: linked.seq, rule: linked.rule }, true)}>
                  event {linked.seq}
                </button>{' '}
                {linked.rule}: {linked.summary}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>What proves it</h3>
      <p class="evidence">
        {of.evidence.slice(0, EVIDENCE_MAX).map((seq) => (
          <EventLink key={seq} seq={seq} go={go} />
        ))}
        {of.evidence.length > EVIDENCE_MAX && ` and ${of.evidence.length - EVIDENCE_MAX} more`}
      </p>
    </article>
  )
}

interface DetailProps {
  readonly link: Link
  readonly why: Why | null
  readonly violations: readonly ViolationRow[]
  readonly go: Go
}

export function Detail({ link, why, violations, go }: DetailProps): JSX.Element {
  const violation = violations.find(({ rule, seq }) => rule === link.rule && seq === link.selected)
  const others = violations.filter(({ seq, rule }) => seq === link.selected && rule !== link.rule)
  return (
    <section class="panel detail" aria-labelledby="detail-title">
      <header>
        <h2 id="detail-title">{violation === undefined ? 'Event' : 'Violation'}</h2>
        {others.map((of) => (
          <button type="button" key={of.rule} onClick={() => go({ rule: of.rule })}>
            <Sign of={of} /> {of.rule}
          </button>
        ))}
        {violation !== undefined && (
          <button type="button" onClick={() => go({ rule: null })}>
            the event itself
          </button>
        )}
      </header>
      <div class="body">
        {violation !== undefined ? (
          <ViolationDetail of={violation} go={go} />
        ) : why === null || link.selected === null ? (
          <Overview violations={violations} go={go} />
        ) : (
          <EventDetail {...why} go={go} />
        )}
      </div>
    </section>
  )
}

/** What there is to see, when nothing is selected. */
function Overview({ violations, go }: { readonly violations: readonly ViolationRow[]; readonly go: Go }): JSX.Element {
  if (violations.length === 0)
    return <p class="nothing">No rule is broken as far as the log was read. Choose an event to see what led to it.</p>
  return (
    <>
      <p>What is broken, in the order in which it broke:</p>
      <ul class="broken">
        {violations.slice(0, EVIDENCE_MAX).map((of) => (
          <li key={`${of.rule} ${of.seq}`}>
            <button
              type="button"
              onClick={() => go({ at: of.seq, selected: of.seq, rule: of.rule, ...(of.device === null ? {} : { row: of.device }) })}
            >
              <Sign of={of} /> <strong>{of.rule}</strong> <span class="faint">event {of.seq}</span>
              <br />
              {of.summary}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
