/** A small BTF that describes what the catalogue of probes asks for, made from the built-in table of a kernel. */
import { makeBtf, type BtfType } from '../src/btf/btf.test-support.ts'
import type { Layout } from '../src/record/layout.ts'

const STRUCT = 4
const PROTO = 13
const FUNC = 12

/** Members by name; a member with members of its own is a structure. */
interface Members {
  [name: string]: { bits: number; inner: Members | null }
}

export function btfOf({ offsets, parameters }: Layout, little: boolean): Uint8Array {
  const structs: Record<string, { bytes: number; members: Members }> = {}
  const of = (name: string): { bytes: number; members: Members } => (structs[name] ??= { bytes: 64, members: {} })
  for (const [path, offset] of Object.entries(offsets)) {
    const [struct, ...names] = path.split('.')
    if (names.length === 0) {
      of(struct!).bytes = offset
      continue
    }
    let { members } = of(struct!)
    for (const [i, name] of names.entries()) {
      const isLast = i === names.length - 1
      const member = (members[name] ??= { bits: isLast ? offset * 8 : 0, inner: isLast ? null : {} })
      if (!isLast) members = member.inner ??= {}
    }
  }
  const types: BtfType[] = [{ kind: 1, name: 'int', value: 8, words: [64] }]
  const add = (type: BtfType): number => types.push(type)
  const struct = (name: string | undefined, bytes: number, members: Members): number => {
    const words = Object.entries(members).flatMap(([member, { bits, inner }]) => [
      member,
      inner === null ? 1 : struct(undefined, 16, inner),
      bits,
    ])
    return add({ kind: STRUCT, ...(name === undefined ? {} : { name }), value: bytes, members: words.length / 3, words })
  }
  of('page').bytes = 64
  for (const [name, { bytes, members }] of Object.entries(structs)) struct(name, bytes, members)
  for (const [name, names] of Object.entries(parameters)) {
    const proto = add({ kind: PROTO, value: 1, members: names.length, words: names.flatMap((n) => [n, 1]) })
    add({ kind: FUNC, name, value: proto })
  }
  return makeBtf(types, little)
}
