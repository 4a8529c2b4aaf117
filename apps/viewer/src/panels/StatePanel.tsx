import type { JSX } from 'preact'
import { useCallback } from 'preact/hooks'
import type { Link, Tab } from '../page/link.ts'
import type { Go } from '../page/use-link.ts'
import { useNewest } from '../page/use-newest.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import type { ChangeRow, RefsAt, StateAt, TaskRow } from '../protocol.ts'
import { Compare } from './Compare.tsx'
import { Devices } from './Devices.tsx'
import { Memory } from './Memory.tsx'
import type { OnField } from './Part.tsx'
import { Refs } from './Refs.tsx'
import { Tasks } from './Tasks.tsx'

const TABS: readonly (readonly [Tab, string])[] = [
  ['devices', 'Devices'],
  ['refs', 'References'],
  ['memory', 'Memory map'],
  ['tasks', 'Tasks'],
  ['compare', 'Compare'],
]

interface StatePanelProps {
  readonly client: WorkerClient
  readonly state: StateAt | null
  readonly at: number
  readonly link: Link
  readonly changes: readonly ChangeRow[] | null
  readonly go: Go
  readonly onField: OnField
  readonly fallback: string | null
  readonly fail: (words: string) => void
}

export function StatePanel({ client, state, at, link, changes, go, onField, fallback, fail }: StatePanelProps): JSX.Element {
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    const i = TABS.findIndex(([tab]) => tab === link.tab)
    const [tab] = TABS[(i + by + TABS.length) % TABS.length]!
    go({ tab })
    requestAnimationFrame(() => document.getElementById(`tab-${tab}`)?.focus())
  }
  // Asked for only where they are looked at.
  const { tab } = link
  const askRefs = useCallback((seq: number) => client.ask('refs', seq), [client])
  const askTasks = useCallback((seq: number) => client.ask('tasks', seq), [client])
  const refs = useNewest<number, RefsAt>(askRefs, tab === 'refs' ? at : null, fail)
  const tasks = useNewest<number, readonly TaskRow[]>(askTasks, tab === 'tasks' ? at : null, fail)
  const isOld = state !== null && state.at.seq !== at
  return (
    <section class={`panel state ${isOld ? 'old' : ''}`} aria-labelledby="state-title">
      <header>
        <h2 id="state-title">State {at === 0 ? 'at the start' : `after event ${at}`}</h2>
        <div role="tablist" aria-label="What of the state" onKeyDown={move}>
          {TABS.map(([tab, title]) => (
            <button
              type="button"
              role="tab"
              key={tab}
              id={`tab-${tab}`}
              aria-selected={link.tab === tab}
              aria-controls="state-body"
              tabIndex={link.tab === tab ? 0 : -1}
              onClick={() => go({ tab })}
            >
              {title}
              {tab === 'tasks' && state !== null && state.tasks > 0 ? ` (${state.tasks})` : ''}
            </button>
          ))}
        </div>
      </header>
      <div class="body" id="state-body" role="tabpanel" aria-labelledby={`tab-${link.tab}`} tabIndex={0}>
        {state === null ? (
          <p>…</p>
        ) : (
          <Body
            state={state}
            at={at}
            link={link}
            changes={changes}
            refs={refs}
            tasks={tasks}
            go={go}
            onField={onField}
            fallback={fallback}
          />
        )}
      </div>
    </section>
  )
}

interface BodyProps extends Omit<StatePanelProps, 'client' | 'fail'> {
  readonly state: StateAt
  readonly refs: RefsAt | null
  readonly tasks: readonly TaskRow[] | null
}

function Body({ state, at, link, changes, refs, tasks, go, onField, fallback }: BodyProps): JSX.Element {
  switch (link.tab) {
    case 'refs':
      return <Refs told={refs} go={go} />
    case 'memory':
      return <Memory state={state} />
    case 'tasks':
      return <Tasks tasks={tasks} go={go} />
    case 'compare':
      return <Compare at={at} compare={link.compare} changes={changes} go={go} />
    default:
      return <Devices state={state} row={link.row} fallback={fallback} changes={changes ?? []} go={go} onField={onField} />
  }
}
