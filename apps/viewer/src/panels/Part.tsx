import { createContext, type ComponentChildren, type Context, type JSX } from 'preact'
import { useContext } from 'preact/hooks'
import type { ChangeRow } from '../protocol.ts'

export type OnField = (device: string, path: string, backwards: boolean) => void

/** What is different to the moment that is compared with. */
export const Changes: Context<readonly ChangeRow[]> = createContext<readonly ChangeRow[]>([])

/** Whether one of the changes is of what is at a path, or of a part of it. */
const isChanged = (changes: readonly ChangeRow[], device: string, path: string): boolean =>
  changes.some((c) => c.device === device && c.path.startsWith(path) && /^($|[.[])/.test(c.path.slice(path.length)))

/** One part of a device, and the way to where it changes. */
export function Part({
  name,
  path,
  device,
  onField,
  children,
}: {
  name: string
  path?: string
  device: string
  onField: OnField
  children: ComponentChildren
}): JSX.Element {
  const isOther = isChanged(useContext(Changes), device, path ?? name)
  return (
    <>
      <dt class={isOther ? 'changed' : ''}>
        {isOther && (
          <span title="different to the moment that is compared with">
            <span aria-hidden="true">Δ </span>
            <span class="unseen">changed: </span>
          </span>
        )}
        {path === undefined ? (
          name
        ) : (
          <>
            <button type="button" class="field" title={`to the next change of ${path}`} onClick={() => onField(device, path, false)}>
              {name}
            </button>
            <button
              type="button"
              class="field before"
              aria-label={`To the previous change of ${path}`}
              title={`to the previous change of ${path}`}
              onClick={() => onField(device, path, true)}
            >
              ◂
            </button>
          </>
        )}
      </dt>
      <dd class={isOther ? 'changed' : ''}>{children}</dd>
    </>
  )
}
