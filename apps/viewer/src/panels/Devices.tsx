/** The state of devices after an event. */
import { asView, bytes, OWNERLESS, type DeviceView, type QueueView } from '@devtrail/survey'
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Go } from '../page/use-link.ts'
import type { ChangeRow, StateAt } from '../protocol.ts'
import { EventLink } from './EventLink.tsx'
import { LINES_MAX, More, Number, Perhaps, Pointer, Range, Text, Unknown, YesNo } from './Known.tsx'
import { Pagemap } from './Pagemap.tsx'
import { Changes, Part, type OnField } from './Part.tsx'

function Driver({ view }: { readonly view: DeviceView }): JSX.Element {
  const state = view.driver?.state
  if (state == null) return <Unknown />
  return (
    <>
      <span class={`badge ${state}`}>{state}</span>
      {state !== 'unbound' && (
        <>
          {state === 'bound' ? ' to ' : ' by '}
          <Text of={view.driver?.name} />
        </>
      )}
    </>
  )
}

/** Those that a driver's unbind releases first come first. */
function Devres({ list, go }: { readonly list: DeviceView['devres']; readonly go: Go }): JSX.Element {
  if (list === undefined) return <Unknown />
  const all = [...list.known.map((d) => ({ ...d, sure: true })), ...(list.possible ?? []).map((d) => ({ ...d, sure: false }))].toReversed()
  return (
    <>
      {all.length > 0 && (
        <ol class="stack" aria-label="in the order in which they are released">
          {all.slice(0, LINES_MAX).map(({ name, size, addedAt, sure }, i) => (
            <li key={i}>
              <Perhaps sure={sure}>
                <code>{name ?? '?'}</code> {size === null ? null : <small>{bytes(size)}</small>}{' '}
                {addedAt === null ? <small class="faint">from before</small> : <EventLink seq={addedAt} go={go} />}
              </Perhaps>
            </li>
          ))}
        </ol>
      )}
      {all.length > LINES_MAX && <p>{all.length - LINES_MAX} more; devtrail state lists all</p>}
      <More complete={list.complete} empty={all.length === 0} />
    </>
  )
}

function LastProbe({ of, go }: { readonly of: NonNullable<DeviceView['lastProbe']>; readonly go: Go }): JSX.Element {
  return (
    <>
      by <Text of={of.driver} />: {of.outcome} ({of.error ?? 'errno ?'}, <EventLink seq={of.seq} go={go} />)
    </>
  )
}

function Queue({ of }: { readonly of: QueueView }): JSX.Element {
  return (
    <>
      frozen <Number of={of.frozen} />, dying <YesNo of={of.dying} />, usage counter <Number of={of.ref.count} /> <Text of={of.ref.mode} />{' '}
      <Pointer of={of.id} />
    </>
  )
}

interface DeviceProps {
  readonly name: string
  readonly view: DeviceView
  readonly isCurrent: boolean
  readonly go: Go
  readonly onField: OnField
}

/** What is closed is not drawn: there may be many, and they change with each event. */
function Device({ name, view, isCurrent, go, onField }: DeviceProps): JSX.Element {
  const [isOpen, setOpen] = useState(isCurrent)
  useEffect(() => setOpen(isCurrent), [isCurrent])
  return (
    <details class="device" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{name}</strong> <small>{view.kind ?? 'kind ?'}</small> <Driver view={view} />
        {view.presence == null && <span class="unknown"> perhaps gone</span>}
        {(view.presence === 'removed' || view.presence === 'gone') && <strong class="gone"> {view.presence}</strong>}
      </summary>
      {isOpen && <DeviceParts name={name} view={view} go={go} onField={onField} />}
    </details>
  )
}

function DeviceParts({ name, view, go, onField }: Omit<DeviceProps, 'isCurrent'>): JSX.Element {
  const part = (title: string, path: string, children: ComponentChildren): JSX.Element => (
    <Part name={title} path={path} device={name} onField={onField}>
      {children}
    </Part>
  )
  const regions = view.regions
  const pagemaps = view.pagemaps
  return (
    <>
      <dl>
        {part('driver', 'driver.state', <Driver view={view} />)}
        {view.lastProbe != null &&
          view.lastProbe.outcome !== 'bound' &&
          part('last probe', 'lastProbe', <LastProbe of={view.lastProbe} go={go} />)}
        {view.comeBackAs !== undefined && (
          <Part name="to come back" device={name} onField={onField}>
            as {view.comeBackAs}
          </Part>
        )}
        {part('devres', 'devres', <Devres list={view.devres} go={go} />)}
        {regions !== undefined &&
          part(
            'regions',
            'regions',
            <>
              {regions.known.map((r) => (
                <div key={r.start}>
                  <Range {...r} /> {r.name ?? '<BAD>'}
                </div>
              ))}
              {regions.possible?.map((r) => (
                <div key={r.start}>
                  <Perhaps sure={false}>
                    <Range {...r} /> {r.name ?? '<BAD>'}
                  </Perhaps>
                </div>
              ))}
              <More complete={regions.complete} empty={regions.known.length + (regions.possible?.length ?? 0) === 0} />
            </>,
          )}
        {view.disk != null && part('disk', 'disk.state', `${view.disk.name} ${view.disk.state ?? '?'}`)}
        {view.queue != null && part('queue', 'queue', <Queue of={view.queue} />)}
        {view.namespace !== undefined && (
          <Part name="namespace" device={name} onField={onField}>
            {view.namespace.mode ?? '?'}
            {view.namespace.map === null ? '' : `, map ${view.namespace.map}`}
            {view.namespace.size === null ? '' : `, ${bytes(view.namespace.size)}`}
            {view.namespace.region === null ? '' : ` in ${view.namespace.region}`}
            {view.namespace.uuid == null ? '' : `, uuid ${view.namespace.uuid}`} <small class="faint">as listed at the start</small>
          </Part>
        )}
        {pagemaps !== undefined && pagemaps.known.length + (pagemaps.possible?.length ?? 0) === 0 && (
          <Part name="pagemaps" device={name} onField={onField}>
            <More complete={pagemaps.complete} empty />
          </Part>
        )}
      </dl>
      {pagemaps?.known.map((of, i) => (
        <Pagemap key={i} device={name} of={of} sure go={go} onField={onField} />
      ))}
      {pagemaps?.possible?.map((of, i) => (
        <Pagemap key={`possible ${i}`} device={name} of={of} sure={false} go={go} onField={onField} />
      ))}
    </>
  )
}

function NotThere({ row }: { readonly row: string }): JSX.Element {
  return (
    <p class="nothing">
      {row === OWNERLESS
        ? 'Of these events no device is known. What is still out of their pagemaps stands under References.'
        : `Nothing is known of ${row} at this point.`}
    </p>
  )
}

interface DevicesProps {
  readonly state: StateAt
  readonly row: string | null
  /** Whose state is opened when no row is chosen. */
  readonly fallback: string | null
  readonly changes: readonly ChangeRow[]
  readonly go: Go
  readonly onField: OnField
}

export function Devices({ state, row, fallback, changes, go, onField }: DevicesProps): JSX.Element {
  const named = (name: string | null): StateAt['devices'][number] | undefined => state.devices.find(({ key }) => key === name)
  const current = row === null ? (named(fallback) ?? state.devices[0]) : named(row)
  const shown = [...(current === undefined ? [] : [current]), ...state.devices.filter((d) => d !== current)]
  if (shown.length === 0)
    return row === null ? <p class="nothing">No device is known to be there at this point.</p> : <NotThere row={row} />
  return (
    <Changes.Provider value={changes}>
      {row !== null && current === undefined && <NotThere row={row} />}
      {shown.map((device) => (
        <Device key={device.key} name={device.key} view={asView(device.parts)} isCurrent={device === current} go={go} onField={onField} />
      ))}
      {state.more > 0 && <p>{state.more} more devices; choose a row to see its state</p>}
    </Changes.Provider>
  )
}
