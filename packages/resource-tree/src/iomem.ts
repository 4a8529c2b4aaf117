import { childrenOf, topOf, type RegionNode, type ResourceTreeState } from './state.ts'

/** How deep /proc/iomem indents (kernel/resource.c MAX_IORES_LEVEL). */
export const MAX_INDENT_LEVEL = 5

/** One line of /proc/iomem or /proc/ioports. */
export interface IomemLine {
  readonly level: number
  readonly start: bigint
  readonly end: bigint
  readonly name: string | null
}

/** Every node of a tree in the order of /proc/iomem, with its level from 0. */
export function* preorder(state: ResourceTreeState, root: string): Generator<{ level: number; node: RegionNode }> {
  const stack = topOf(state, root)
    .toReversed()
    .map((node) => ({ level: 0, node }))
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next
    for (const child of childrenOf(state, next.node).toReversed()) stack.push({ level: next.level + 1, node: child })
  }
}

/** One node as the kernel prints it: `START-END : NAME`, addresses padded to `digits`. A line break in the name is `\012`. */
export function printLine(line: IomemLine, digits = 8): string {
  const indent = ' '.repeat(2 * Math.min(line.level, MAX_INDENT_LEVEL))
  const hex = (v: bigint): string => v.toString(16).padStart(digits, '0')
  return `${indent}${hex(line.start)}-${hex(line.end)} : ${line.name === null ? '<BAD>' : oneLine(line.name)}`
}

/** The kernel prints a line break in a name as it is; here, where a line is a node, it is printed as an octal escape. */
const oneLine = (name: string): string => name.replaceAll('\n', '\\012').replaceAll('\r', '\\015')

/** The tree in /proc/iomem's own format, byte for byte (but see `printLine` of line breaks), each line ended by a newline. */
export function printTree(state: ResourceTreeState, root: string, digits = 8): string {
  let out = ''
  for (const { level, node } of preorder(state, root))
    out += `${printLine({ level, start: node.start, end: node.end, name: node.name }, digits)}\n`
  return out
}

/** A line of /proc/iomem that could not be read. */
export class IomemSyntaxError extends Error {
  override readonly name = 'IomemSyntaxError'
  readonly line: number
  readonly found: string
  constructor(line: number, found: string) {
    super(`line ${line}: expected "START-END : NAME" (indented by two spaces a level), found ${JSON.stringify(found.slice(0, 80))}`)
    this.line = line
    this.found = found
  }
}

/**
 * Reads the text of /proc/iomem.
 * @throws IomemSyntaxError naming the line, also one whose range ends before it starts (one of size 0 may); Error when every address is zero, as an unprivileged reader sees them.
 */
export function parseIomem(text: string): IomemLine[] {
  const lines: IomemLine[] = []
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line === '') continue
    const m = /^( *)([0-9a-fA-F]{1,16})-([0-9a-fA-F]{1,16}) : (.*)$/.exec(line)
    if (m === null || m[1]!.length % 2 !== 0) throw new IomemSyntaxError(i + 1, line)
    const level = m[1]!.length / 2
    if (level > (lines.at(-1)?.level ?? -1) + 1) throw new IomemSyntaxError(i + 1, line)
    const [start, end] = [BigInt(`0x${m[2]}`), BigInt(`0x${m[3]}`)]
    // A range of size 0 ends one before it starts; a driver can have made one by adjust_resource.
    if (end + 1n < start) throw new IomemSyntaxError(i + 1, line)
    lines.push({ level, start, end, name: m[4] === '<BAD>' ? null : m[4]! })
  }
  if (lines.length > 0 && lines.every((l) => l.start === 0n && l.end === 0n)) {
    throw new Error('every address is zero: /proc/iomem was read without CAP_SYS_ADMIN; record it as root')
  }
  return lines
}
