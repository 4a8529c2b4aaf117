import type { JSX } from 'preact'
import type { Link } from '../page/link.ts'
import type { StateAt } from '../protocol.ts'
import { EventLink } from './EventLink.tsx'

/** The tasks inside calls. */
export function Tasks({ state, go }: { readonly state: StateAt; readonly go: (to: Partial<Link>) => void }): JSX.Element {
  if (state.tasks.length === 0) return <p class="nothing">No task is known to be inside a call at this point.</p>
  return (
    <ul class="tasks">
      {state.tasks.map(({ host, pid, comm, calls }) => (
        <li key={`${host ?? ''} ${pid}`}>
          <strong>
            {comm} ({pid}){host === null ? '' : ` on ${host}`}
          </strong>
          <ol>
            {calls.map((call, i) => (
              <li key={i}>
                <code>{call.name}</code> since <EventLink seq={call.seq} go={go} />
                {call.device === null ? '' : ` on ${call.device}`}
                {call.waitsFor === null ? '' : `, waits for ${call.waitsFor}`}
              </li>
            ))}
          </ol>
        </li>
      ))}
    </ul>
  )
}
