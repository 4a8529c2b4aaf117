import type { Revealed, ScalarKind } from './field.ts'

type Scalar<K extends ScalarKind> = (doc: string) => { readonly kind: K; readonly doc: string }
const scalar =
  <K extends ScalarKind>(kind: K): Scalar<K> =>
  (doc) => ({ kind, doc })

/** Short builders for field declarations: `f.pfn('the first page')`, `f.opt(f.u64('…'))`, `f.oneOf(['a', 'b'], '…')`. */
export const f = {
  host: scalar('host'),
  device: scalar('device'),
  pagemap: scalar('pagemap'),
  region: scalar('region'),
  managed: scalar('managed'),
  pointer: scalar('pointer'),
  string: scalar('string'),
  text: scalar('text'),
  u64: scalar('u64'),
  pfn: scalar('pfn'),
  bytes: scalar('bytes'),
  count: scalar('count'),
  int: scalar('int'),
  pid: scalar('pid'),
  cpu: scalar('cpu'),
  errno: scalar('errno'),
  bool: scalar('bool'),
  flags: scalar('flags'),
  time: scalar('time'),
  /** One of a closed list of words. */
  oneOf: <const V extends readonly string[]>(
    values: V,
    doc: string,
  ): { readonly kind: 'enum'; readonly values: V; readonly doc: string } => ({
    kind: 'enum',
    values,
    doc,
  }),
  /** May be null: not known, or none where the doc says so. */
  opt: <F extends { readonly kind: string; readonly doc: string }>(field: F): F & { readonly optional: true } => ({
    ...field,
    optional: true,
  }),
  /** Tells more than its kind and the words of the kernel do; redacting renames it. Pids, pointers and texts always do. */
  reveals: <F extends { readonly kind: string; readonly doc: string }>(
    reveals: Revealed,
    field: F,
  ): F & { readonly reveals: Revealed } => ({ ...field, reveals }),
  /** One of these words as a rule, and any other is possible; redacting renames others. */
  usually: <F extends { readonly kind: 'string'; readonly doc: string }>(
    usual: readonly string[],
    field: F,
  ): F & { readonly reveals: 'word'; readonly usual: readonly string[] } => ({ ...field, reveals: 'word', usual }),
}
