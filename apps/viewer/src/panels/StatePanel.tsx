import type { JSX } from 'preact'
import type { Link, Tab } from '../page/link.ts'
import type { ChangeRow, StateAt } from '../protocol.ts'
import { Compare } from './Compare.tsx'
import { Devices, type OnField } from './Devices.tsx'
import { Memory } from './Memory.tsx'
import { Tasks } from './Tasks.tsx'

const TABS: readonly (readonly [Tab, string])[] = [
  ['devices', 'Devices'],
  ['memory', 'Memory map'],
  ['tasks', 'Tasks'],
  ['compare', 'Compare'],
]

interface StatePanelProps {
  readonly state: StateAt | null
  readonly at: number
  readonly link: Link
  readonly changes: readonly ChangeRow[] | null
  readonly go: (to: Partial<Link>) => void
  readonly onField: OnField
  readonly fallback: string | null
}

export function StatePanel({ state, at, link, changes, go, onField, fallback }: StatePanelProps): JSX.Element {
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    const i = TABS.findIndex(([tab]) => tab === link.tab)
    const [tab] = TABS[(i + by + TABS.length) % TABS.length]!
    go({ tab })
    requestAnimationFrame(() => document.getElementById(`tab-${tab}`)?.focus())
  }
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
              {tab === 'tasks' && state !== null && state.tasks.length > 0 ? ` (${state.tasks.length})` : ''}
            </button>
          ))}
        </div>
      </header>
      <div class="body" id="state-body" role="tabpanel" aria-labelledby={`tab-${link.tab}`} tabIndex={0}>
        {state === null ? (
          <p>…</p>
        ) : (
          <Body tab={link.tab} state={state} at={at} link={link} changes={changes} go={go} onField={onField} fallback={fallback} />
        )}
      </div>
    </section>
  )
}

function Body({
  tab,
  state,
  at,
  link,
  changes,
  go,
  onField,
  fallback,
}: StatePanelProps & { readonly tab: Tab; readonly state: StateAt }): JSX.Element {
  switch (tab) {
    case 'memory':
      return <Memory state={state} />
    case 'tasks':
      return <Tasks state={state} go={go} />
    case 'compare':
      return <Compare at={at} compare={link.compare} changes={changes} go={go} />
    default:
      return <Devices state={state} row={link.row} fallback={fallback} go={go} onField={onField} />
  }
}
