/// <reference lib="esnext.disposable" preserve="true" />
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

/** False when there is no memory. */
export function addAction<T>(list: DevresList, action: ReleaseFunction<T>, data: T): boolean {
  if (typeof action !== 'function') throw new TypeError(`an action is a function, found ${typeof action}`)
  const of = { run: devm_action_release, release: devm_action_release.name, size: ACTION_BYTES, marks: null }
  const node = list.alloc({ ...of, data: { action, data } satisfies Action, key: { kind: action, data } })
  if (node !== null) list.append(node)
  return node !== null
}

/** Takes the newest such action off, and gives the number of the event; undefined when there is none. */
export function takeAction<T>(list: DevresList, action: ReleaseFunction<T>, data: T): number | undefined {
  const node = list.newestOf({ kind: action, data })
  return node && list.unlink(node, 'freed')
}

/** @throws TypeError for what has no such method; `method` is `Symbol.dispose` or `Symbol.asyncDispose`. */
export function mustHave(disposable: unknown, method: symbol): void {
  const found = (disposable as { readonly [method: symbol]: unknown } | null | undefined)?.[method]
  if (typeof found !== 'function') throw new TypeError(`what is managed needs a method [${method.description}], found ${typeof found}`)
}

/** Whether a node can only be released by waiting for it. */
export const hasToWait = ({ key }: Node): boolean => key?.kind === disposeAsync

/** @throws TypeError when one of the nodes can only be released by waiting for it; `instead` names the call that waits. */
export function mustBeSync(nodes: readonly Node[], instead: string): void {
  if (nodes.some(hasToWait))
    throw new TypeError(`a managed resource can only be disposed of asynchronously: use ${instead}, or await using`)
}
