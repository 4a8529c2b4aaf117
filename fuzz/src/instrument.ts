/**
 * Makes modules report to the meter: their types are stripped, and a call is put at the start of each function, loop, case and
 * arm, and around each allocation.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Visitor, parseSync, type ESTree } from 'vite'
import { allocate, branch, reserveBranches } from './meter.ts'

const ARRAYS = new Map(
  Object.entries({ Float64Array: 8, BigUint64Array: 8, Uint32Array: 4, Uint16Array: 2, Uint8Array: 1, ArrayBuffer: 1 }),
)

type Span = ESTree.Span

class Edits {
  readonly #opening = new Map<number, string>()
  readonly #closing = new Map<number, string>()

  /** Nodes are visited from the outside in. */
  wrap({ start, end }: Span, before: string, after: string): void {
    this.before(start, before)
    this.after(end, after)
  }

  before(at: number, text: string): void {
    this.#opening.set(at, (this.#opening.get(at) ?? '') + text)
  }

  /** What is put in later comes before what is there, for it belongs to an inner node. */
  after(at: number, text: string): void {
    this.#closing.set(at, text + (this.#closing.get(at) ?? ''))
  }

  applied(code: string): string {
    const places = [...new Set([...this.#opening.keys(), ...this.#closing.keys()])].toSorted((a, b) => a - b)
    let out = ''
    let from = 0
    for (const at of places) {
      out += code.slice(from, at) + (this.#closing.get(at) ?? '') + (this.#opening.get(at) ?? '')
      from = at
    }
    return out + code.slice(from)
  }
}

function instrumented(code: string, file: string): string {
  const { program, errors } = parseSync(file, code)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]!.message}`)
  const edits = new Edits()
  let count = 0
  const call = (): string => `__branch(__first + ${count++})`
  const expression = (node: Span): void => edits.wrap(node, `(${call()}, `, ')')
  const body = (node: Span & { readonly type: string }): void => {
    if (node.type === 'BlockStatement') edits.before(node.start + 1, `${call()};`)
    else edits.wrap(node, `{${call()};`, '}')
  }
  const loop = (node: { readonly body: ESTree.Statement }): void => body(node.body)
  new Visitor({
    ForStatement: loop,
    ForOfStatement: loop,
    ForInStatement: loop,
    WhileStatement: loop,
    DoWhileStatement: loop,
    FunctionDeclaration: (node) => node.body && body(node.body),
    FunctionExpression: (node) => node.body && body(node.body),
    ArrowFunctionExpression: ({ body: arrow }) => (arrow.type === 'BlockStatement' ? body(arrow) : expression(arrow)),
    IfStatement({ consequent, alternate }) {
      if (alternate === null) edits.after(consequent.end, ` else ${call()};`)
      else body(alternate)
      body(consequent)
    },
    SwitchCase({ consequent: [first] }) {
      if (first !== undefined) edits.before(first.start, `${call()};`)
    },
    CatchClause: (node) => body(node.body),
    ConditionalExpression({ consequent, alternate }) {
      expression(consequent)
      expression(alternate)
    },
    LogicalExpression: ({ right }) => expression(right),
    AssignmentExpression({ operator, right }) {
      if (['??=', '||=', '&&='].includes(operator)) expression(right)
    },
    NewExpression({ callee, arguments: [size] }) {
      if (callee.type === 'Identifier' && ARRAYS.has(callee.name) && size !== undefined) edits.wrap(size, `__sized(${callee.name}, `, ')')
    },
    CallExpression({ callee, arguments: [size] }) {
      const { name } = callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property : { name: '' }
      if (name === 'alloc' && size !== undefined) edits.wrap(size, '__sized(Uint8Array, ', ')')
    },
  }).visit(program)
  const first = reserveBranches(count)
  return `const __first = ${first}, __branch = globalThis.__fuzzBranch, __sized = globalThis.__fuzzSized;${edits.applied(code)}`
}

/** What a typed array is made of, unchanged; its bytes are counted unless it shares another's. */
function sized(array: { readonly name: string }, of: unknown): unknown {
  const length =
    typeof of === 'number' ? of : Array.isArray(of) || ArrayBuffer.isView(of) ? (of as unknown as ArrayLike<unknown>).length : 0
  allocate(length * ARRAYS.get(array.name)!)
  return of
}

/** From now on every module of these packages (names of folders) reports to the meter; what is loaded already does not. */
export function instrument(packages: readonly string[]): void {
  const measured = new RegExp(`/packages/(?:${packages.join('|')})/src/(?!.*\\.test)`)
  Object.assign(globalThis, { __fuzzBranch: branch, __fuzzSized: sized })
  registerHooks({
    load(url, context, nextLoad) {
      if (!measured.test(url)) return nextLoad(url, context)
      const file = fileURLToPath(url)
      return { format: 'module', source: instrumented(stripTypeScriptTypes(readFileSync(file, 'utf8')), file), shortCircuit: true }
    },
  })
}
