/** A labelled node of a tree to be printed; a label may have several lines. */
export interface Branch {
  readonly label: string
  readonly children?: readonly Branch[]
}

function* below(children: readonly Branch[], indent: string, dim: (text: string) => string): Generator<string> {
  for (const [i, child] of children.entries()) {
    const last = i === children.length - 1
    const inner = `${indent}${last ? '   ' : dim('│  ')}`
    const [first, ...more] = child.label.split('\n')
    yield `${indent}${dim(last ? '└─ ' : '├─ ')}${first}`
    for (const line of more) yield `${inner}${(child.children?.length ?? 0) > 0 ? dim('│ ') : '  '}${line}`
    yield* below(child.children ?? [], inner, dim)
  }
}

/** A tree in lines, each ended by a newline. */
export function printBranch(root: Branch, dim: (text: string) => string = (t) => t): string {
  return [root.label, ...below(root.children ?? [], '', dim)].map((line) => `${line}\n`).join('')
}
