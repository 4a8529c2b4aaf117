import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Link } from '../page/link.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import { rowName } from '../timeline/shown-rows.ts'
import { AllEvents } from './AllEvents.tsx'
import { FoundEvents } from './FoundEvents.tsx'

interface EventsProps {
  readonly client: WorkerClient
  readonly firstSeq: number
  readonly lastSeq: number
  readonly link: Link
  readonly at: number
  /** Changes when names of devices did. */
  readonly version: unknown
  readonly go: (to: Partial<Link>) => void
}

/** The events of the log, or those that a filter finds. */
export function Events({ client, firstSeq, lastSeq, link, at, version, go }: EventsProps): JSX.Element {
  const [failure, setFailure] = useState<string | null>(null)
  const device = link.only ? link.row : null
  const here = link.selected ?? Math.max(firstSeq, at)
  useEffect(() => setFailure(null), [link.where, device, here])
  return (
    <section class="panel events" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <label class="check">
          <input type="checkbox" checked={link.only} disabled={link.row === null} onChange={() => go({ only: !link.only })} /> only{' '}
          {link.row === null ? 'the chosen row' : rowName(link.row)}
        </label>
      </header>
      {failure !== null && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      {link.where === '' && device === null ? (
        <AllEvents
          client={client}
          firstSeq={firstSeq}
          lastSeq={lastSeq}
          here={Math.min(lastSeq, Math.max(firstSeq, here))}
          at={at}
          version={version}
          go={go}
          fail={setFailure}
        />
      ) : (
        <FoundEvents
          key={`${device ?? ''}\n${link.where}`}
          client={client}
          lastSeq={lastSeq}
          where={link.where}
          device={device}
          here={here}
          at={at}
          version={version}
          go={go}
        />
      )}
    </section>
  )
}
