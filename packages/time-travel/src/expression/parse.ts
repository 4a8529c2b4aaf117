/**
 * Reads expressions, by recursive descent. The grammar stands in the README. Nothing of an expression is ever run or used
 * as a name of anything but data.
 */
import { ExpressionError } from './error.ts'
import type { Comparison, Condition, Expression, Operand, Path, Step } from './syntax.ts'
import { tokensOf, type Sign, type Token } from './tokens.ts'
import { Decimal } from './decimal.ts'

/** How deep brackets and negations may nest. */
export const EXPRESSION_DEPTH_MAX = 64

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['==', '!=', '<', '<=', '>', '>='])
const WORDS: ReadonlyMap<string, Sign> = new Map([
  ['and', '&&'],
  ['or', '||'],
  ['not', '!'],
])
const VALUES: ReadonlyMap<string, true | false | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])
const INT_MIN = 1n << 63n

class Parser {
  readonly #source: string
  readonly #tokens: readonly Token[]
  readonly paths: Path[] = []
  #next = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
    this.#tokens = tokensOf(source)
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  #fail(problem: string, at = this.#token.at): never {
    throw new ExpressionError(problem, this.#source, at)
  }

  #found(): string {
    const t = this.#token
    if (t.kind === 'end') return 'the expression ends'
    const length = (this.#tokens[this.#next + 1]?.at ?? t.at + 1) - t.at
    return `${this.#source.slice(t.at, t.at + length).trim()} stands`
  }

  #isSign(sign: Sign): boolean {
    const t = this.#token
    return (t.kind === 'sign' && t.sign === sign) || (t.kind === 'name' && WORDS.get(t.name) === sign)
  }

  #take(sign: Sign): boolean {
    if (!this.#isSign(sign)) return false
    this.#next++
    return true
  }

  #expect(sign: Sign): void {
    if (!this.#take(sign)) this.#fail(`a ${sign} is expected where ${this.#found()}`)
  }

  end(): void {
    if (this.#token.kind !== 'end') this.#fail(`&&, || or the end is expected where ${this.#found()}`)
  }

  condition(): Condition {
    if (this.#depth >= EXPRESSION_DEPTH_MAX) this.#fail(`this nests deeper than ${EXPRESSION_DEPTH_MAX} levels`)
    this.#depth++
    const condition = this.#chain('||', 'or', () => this.#chain('&&', 'and', () => this.#not()))
    this.#depth--
    return condition
  }

  #chain(sign: Sign, kind: 'or' | 'and', part: () => Condition): Condition {
    const first = part()
    if (!this.#isSign(sign)) return first
    const of = [first]
    while (this.#take(sign)) of.push(part())
    return { kind, of }
  }

  #not(): Condition {
    let negations = 0
    while (this.#take('!')) negations++
    const condition = this.#take('(') ? this.#bracket() : this.#comparison()
    // Twice not is not nothing: it makes a condition of a value.
    return negations % 2 === 0 ? condition : { kind: 'not', of: condition }
  }

  #bracket(): Condition {
    const inner = this.condition()
    this.#expect(')')
    return inner
  }

  #comparison(): Condition {
    const left = this.#operand()
    const t = this.#token
    if (t.kind === 'name' && t.name === 'in') {
      this.#next++
      return { kind: 'in', left, values: this.#list() }
    }
    if (this.#take('~')) return { kind: 'like', left, pattern: this.#pattern() }
    if (t.kind !== 'sign' || !COMPARISONS.has(t.sign)) return { kind: 'test', of: left }
    this.#next++
    const right = this.#operand()
    const after = this.#token
    if (after.kind === 'sign' && COMPARISONS.has(after.sign)) this.#fail('comparisons do not chain; join two of them by &&')
    return { kind: 'compare', op: t.sign as Comparison, left, right }
  }

  #pattern(): string {
    const t = this.#token
    if (t.kind !== 'text') this.#fail(`a text in quotes is expected behind ~, where ${this.#found()}`)
    this.#next++
    // A star behind a backslash stands for itself: that is seen only where it is compared.
    return t.raw.replaceAll(/\\(.)/gs, (escape, char: string) => (char === '*' || char === '\\' ? escape : char))
  }

  #list(): Operand[] {
    this.#expect('[')
    const values: Operand[] = []
    do values.push(this.#operand())
    while (this.#take(','))
    this.#expect(']')
    return values
  }

  #operand(): Operand {
    const t = this.#token
    const { at } = t
    if (this.#take('-')) return { kind: 'literal', value: this.#negative(), at }
    if (t.kind === 'number' || t.kind === 'text') {
      this.#next++
      return { kind: 'literal', value: t.value, at }
    }
    if (t.kind !== 'name' || t.name === 'in' || WORDS.has(t.name)) this.#fail(`a value is expected where ${this.#found()}`)
    const value = VALUES.get(t.name)
    if (value !== undefined) {
      this.#next++
      return { kind: 'literal', value, at }
    }
    const behind = this.#tokens[this.#next + 1]!
    const isCall = behind.kind === 'sign' && behind.sign === '('
    if (t.name === 'count' && isCall) {
      this.#next += 2
      const path = this.path()
      const last = path.steps.at(-1)!
      if (last.kind === 'key') this.#fail('this is one element, and count(…) takes a list; the path alone asks whether it is there', last.at)
      this.#expect(')')
      return { kind: 'count', path, at }
    }
    if (isCall && t.name !== 'device') this.#fail(`there is no function "${t.name}"; there are device("…") and count(…)`)
    return { kind: 'path', path: this.path(), at }
  }

  #negative(): number | bigint | Decimal {
    const t = this.#token
    if (t.kind !== 'number') this.#fail(`a number is expected behind -, where ${this.#found()}`)
    this.#next++
    if (t.value instanceof Decimal) return new Decimal(-t.value.nanos)
    if (typeof t.value === 'number') return -t.value
    return t.value > INT_MIN ? this.#fail('this number has more than 64 bits', t.at) : -t.value
  }

  path(): Path {
    const { at } = this.#token
    let device: Path['device'] = null
    const t = this.#token
    const behind = this.#tokens[this.#next + 1]
    if (t.kind === 'name' && t.name === 'device' && behind?.kind === 'sign' && behind.sign === '(') {
      this.#next += 2
      const name = this.#token
      if (name.kind !== 'text') this.#fail(`a device's name in quotes is expected where ${this.#found()}`)
      this.#next++
      this.#expect(')')
      this.#expect('.')
      device = { name: name.value, at: name.at }
    }
    const steps: [Step & { kind: 'field' }, ...Step[]] = [this.#field()]
    for (;;) {
      if (this.#take('.')) steps.push(this.#field())
      else if (this.#isSign('[')) steps.push(this.#key())
      else break
    }
    const path: Path = { device, steps, at }
    this.paths.push(path)
    return path
  }

  #field(): Step & { kind: 'field' } {
    const t = this.#token
    if (t.kind !== 'name') this.#fail(`a field's name is expected where ${this.#found()}`)
    this.#next++
    return { kind: 'field', name: t.name, at: t.at }
  }

  #key(): Step {
    this.#expect('[')
    const t = this.#token
    if (t.kind !== 'number' && t.kind !== 'text')
      this.#fail(`a key (an address, a pfn, a pid, a name in quotes) is expected where ${this.#found()}`)
    if (t.value instanceof Decimal) this.#fail('a key is a whole number or a text')
    this.#next++
    this.#expect(']')
    return { kind: 'key', key: t.value, at: t.at }
  }
}

/** Reads an expression. @throws ExpressionError, which points at the character */
export function parseExpression(source: string): Expression {
  const parser = new Parser(source)
  const condition = parser.condition()
  parser.end()
  return { source, condition, paths: parser.paths }
}

/** Reads a path alone: `pagemaps[0x100000000].ref.dying`. @throws ExpressionError, which points at the character */
export function parsePath(source: string): Path {
  const parser = new Parser(source)
  const path = parser.path()
  parser.end()
  return path
}
