import type { JSX } from 'preact'
import type { Go } from '../page/use-link.ts'
import type { TaskRow } from '../protocol.ts'
import { EventLink } from './EventLink.tsx'

function Call({ of: call, go }: { readonly of: TaskRow['calls'][number]; readonly go: Go }): JSX.Element {
  return (
    <li>
      <code>{call.name}</code>
      {call.device === null ? '' : ` on ${call.device}`} since <EventLink seq={call.seq} go={go} /> ({call.time} s
      {call.forSeconds === null ? '' : `, for ${call.forSeconds} s`}){call.waitsFor === null ? '' : `, waits for ${call.waitsFor}`}
      {call.idleSince === null ? null : <strong class="gone">, which it is since {call.idleSince} s: the task was not woken</strong>}
      {call.evidence.map((seq) => (
        <span key={seq}>
          {' '}
          <EventLink seq={seq} go={go} />
        </span>
      ))}
      {!call.certain && <span class="unknown"> ? it may have returned</span>}
    </li>
  )
}

/** The tasks inside calls. */
export function Tasks({ tasks, go }: { readonly tasks: readonly TaskRow[] | null; readonly go: Go }): JSX.Element {
  if (tasks === null) return <p>…</p>
  if (tasks.length === 0) return <p class="nothing">No task is known to be inside a call at this point.</p>
  return (
    <ul class="tasks">
      {tasks.map(({ host, pid, comm, calls }) => (
        <li key={`${host ?? ''} ${pid}`}>
          <strong>
            {comm} ({pid}){host === null ? '' : ` on ${host}`}
          </strong>
          <ol>
            {calls.map((call, i) => (
              <Call key={i} of={call} go={go} />
            ))}
          </ol>
        </li>
      ))}
    </ul>
  )
}
