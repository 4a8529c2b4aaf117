import type { Decimal } from './decimal.ts'

/** By what an element of a list is picked: what identifies it. */
export type Key = number | bigint | string

/** One step into a value: a field's name, or the key of an element. */
export type Step =
  | { readonly kind: 'field'; readonly name: string; readonly at: number }
  | { readonly kind: 'key'; readonly key: Key; readonly at: number }

/** Where a value is looked for. The first step is a field's name. */
export interface Path {
  /** What stands in `device("…")`; null: the device that is given apart. */
  readonly device: { readonly name: string; readonly at: number } | null
  readonly steps: readonly [Step & { readonly kind: 'field' }, ...Step[]]
  readonly at: number
}

export type Literal = number | bigint | Decimal | string | boolean | null

export type Operand =
  | { readonly kind: 'literal'; readonly value: Literal; readonly at: number }
  | { readonly kind: 'path'; readonly path: Path; readonly at: number }
  | { readonly kind: 'count'; readonly path: Path; readonly at: number }

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

export type Condition =
  | { readonly kind: 'or' | 'and'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly op: Comparison; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'in'; readonly left: Operand; readonly values: readonly Operand[] }
  | { readonly kind: 'like'; readonly left: Operand; readonly pattern: string }
  | { readonly kind: 'test'; readonly of: Operand }

/** An expression that was read. */
export interface Expression {
  readonly source: string
  readonly condition: Condition
  /** Every path in it, in the order in which they stand. */
  readonly paths: readonly Path[]
}

const keyWritten = (key: Key): string =>
  typeof key === 'string' ? JSON.stringify(key) : typeof key === 'bigint' || key > 9999 ? `0x${key.toString(16)}` : String(key)

/** A path as it is written. */
export function pathText({ device, steps }: Path): string {
  const inner = steps.map((s, i) => (s.kind === 'key' ? `[${keyWritten(s.key)}]` : `${i === 0 ? '' : '.'}${s.name}`)).join('')
  return device === null ? inner : `device(${JSON.stringify(device.name)}).${inner}`
}

/** The names along a path, without keys: what in a state it looks at. */
export const dottedOf = ({ steps }: Path): string => steps.flatMap((s) => (s.kind === 'field' ? s.name : [])).join('.')
