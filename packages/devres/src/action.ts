/** Actions, and TypeScript's disposables as actions. */
import type { DevresList } from './devres-list.ts'
import type { Node, ReleaseFunction } from './node.ts'

interface Action {
  readonly action: ReleaseFunction<never>
  readonly data: unknown
}

const ACTION_BYTES = 16

/** The release function of every action, as Linux up to 6.3 logs it. */
function devm_action_release({ action, data }: Action): unknown {
  return (action as (data: unknown) => unknown)(data)
}

export function dispose(disposable: Disposable): void {
  disposable[Symbol.dispose]()
}

export function disposeAsync(disposable: AsyncDisposable): PromiseLike<void> {
  return disposable[Symbol.asyncDispose]()
}

const isThe =
  <T>(action: ReleaseFunction<T>, data: T) =>
  (one: Action): boolean =>
    one.action === action && one.data === data

/** False when there is no memory. */
export function addAction<T>(list: DevresList, action: ReleaseFunction<T>, data: T): boolean {
  const of = { run: devm_action_release, release: devm_action_release.name, size: ACTION_BYTES, marks: null }
  const node = list.alloc({ ...of, data: { action, data } satisfies Action })
  if (node !== null) list.append(node)
  return node !== null
}

/** Takes the newest such action off; undefined when there is none. */
export const takeAction = <T>(list: DevresList, action: ReleaseFunction<T>, data: T): { readonly seq: number } | undefined =>
  list.takeOff(devm_action_release, isThe(action, data))

/** @throws TypeError when one of the nodes can only be released by waiting for it. */
export function mustBeSync(nodes: readonly Node[]): void {
  if (nodes.some(({ run, data }) => run === devm_action_release && (data as Action).action === disposeAsync))
    throw new TypeError('a managed resource can only be disposed of asynchronously: use releaseAllAsync, or await using')
}
