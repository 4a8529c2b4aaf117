import { must } from './target.ts'

const prototypes: readonly object[] = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
  Uint8Array.prototype,
]
const keysOf = (): number => prototypes.reduce<number>((n, prototype) => n + Reflect.ownKeys(prototype).length, 0)
const keys = keysOf()

/** Nothing that all objects share was changed. */
export function mustBeUnpolluted(): void {
  must(keysOf() === keys, 'no prototype is changed', keysOf())
}
