/**
 * Field kinds: what a value in an event *means*. From the kind follow its TypeScript type, its JSON form, its column
 * codec and its line in the documentation, so none of the four is written twice.
 *
 * 64-bit kernel words that may wrap are `u64` (bigint). Pfns and x86 physical addresses fit a double (52 bits) and are
 * numbers. Kernel pointers are identities, never quantities: lower-case hex strings.
 */

import type { HostId } from './host.ts'

/** Page frame number of a 4 KiB page; exact as a number up to 2^52. */
export type Pfn = number
/** Incarnation number of a struct device (1, 2, …); the same name later is another number. */
export type DeviceId = number
/** Incarnation number of a dev_pagemap. */
export type PagemapId = number
/** Incarnation number of a node of the resource tree. */
export type RegionId = number
/** Incarnation number of a managed resource that was there before it was first mentioned. */
export type ManagedId = number
/** A kernel pointer, as lower-case hex (`"0xff3fdf9170e6c0b0"`): an identity, reused after a free. */
export type Pointer = string

interface KindTypes {
  host: HostId
  device: DeviceId
  pagemap: PagemapId
  region: RegionId
  managed: ManagedId
  pointer: Pointer
  string: string
  text: string
  u64: bigint
  pfn: Pfn
  bytes: number
  count: number
  int: number
  pid: number
  cpu: number
  errno: number
  bool: boolean
  flags: number
  time: number
}

/** Every kind but `enum`, whose type is its list of values. */
export type ScalarKind = keyof KindTypes
export type FieldKind = ScalarKind | 'enum'

/** The declaration of one field of an event type. */
export interface Field {
  readonly kind: FieldKind
  /** One sentence: what the value says, with its unit. */
  readonly doc: string
  /** The values of an `enum`. */
  readonly values?: readonly string[]
  /** `true`: null is a legal value and means "not known" (or, where `doc` says so, "none"). */
  readonly optional?: true
  /** What the value tells of a machine and its users beyond what kind and words of the kernel do: redacting renames it. */
  readonly reveals?: Revealed
  /** Of what reveals a `word`: the words that tell nothing, for a tool prints them. Any other was thought of by somebody. */
  readonly usual?: readonly string[]
}

/**
 * A command's name, a path or what is mounted, an id that is unique in the world, a kernel pointer that is kept as a number, a file
 * system's type (whose part behind a dot is its user's choice), a word that may not be one of the usual ones.
 */
export type Revealed = 'command' | 'path' | 'identity' | 'pointer' | 'filesystem' | 'word'

export type Fields = { readonly [name: string]: Field }

type Base<F extends Field> = F['kind'] extends ScalarKind
  ? KindTypes[F['kind']]
  : F extends { readonly values: readonly (infer V)[] }
    ? V
    : string

/** The TypeScript type of a field's value. */
export type FieldValue<F extends Field> = F extends { readonly optional: true } ? Base<F> | null : Base<F>

/** The TypeScript type of an event's `data`. */
export type Data<F extends Fields> = { readonly [N in keyof F]: FieldValue<F[N]> }

/** What each kind is, for people: the JSON form and the meaning. Used by the documentation tables. */
export const kindDocs: Readonly<Record<FieldKind, string>> = {
  host: 'host of a log of several (number)',
  device: 'device incarnation (number)',
  pagemap: 'pagemap incarnation (number)',
  region: 'resource-tree node incarnation (number)',
  managed: 'managed resource incarnation (number)',
  pointer: 'kernel pointer, an identity (hex string)',
  string: 'short text, interned',
  text: 'free text',
  u64: '64-bit word (hex string)',
  pfn: 'page frame number (hex string)',
  bytes: 'size in bytes (number)',
  count: 'count (number, ≥ 0)',
  int: 'signed number',
  pid: 'process id (number)',
  cpu: 'CPU number',
  errno: '0 or a negative errno (number)',
  bool: 'true or false',
  flags: 'kernel flags (hex string)',
  time: 'time (decimal seconds)',
  enum: 'one of a closed list',
}
