import { ExpressionError } from './error.ts'
import { Decimal } from './decimal.ts'

/** Characters of an expression at most. */
export const EXPRESSION_CHARS_MAX = 4096

export type Sign = '(' | ')' | '[' | ']' | '.' | ',' | '==' | '!=' | '<=' | '>=' | '<' | '>' | '~' | '!' | '&&' | '||' | '-'

export type Token =
  | { readonly kind: 'sign'; readonly sign: Sign; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: number | bigint | Decimal; readonly at: number }
  /** `raw`: as it is written between its quotes. */
  | { readonly kind: 'text'; readonly value: string; readonly raw: string; readonly at: number }
  | { readonly kind: 'end'; readonly at: number }

const BLANK = /\s+/y
const NAME = /[A-Za-z_$][\w$]*/y
const NUMBER = /0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?/y
const SIGN = /==|!=|<=|>=|&&|\|\||[()[\].,<>~!\-=]/y
const WORD = /[\w.]+/y
const TEXT = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy

const WORD_MAX = (1n << 64n) - 1n

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(source)
}

function numberOf(text: string, source: string, at: number): number | bigint | Decimal {
  if (text.includes('.')) {
    const decimal = Decimal.parse(text)
    if (decimal === null) throw new ExpressionError(`${text} has more than nine digits behind the point, or too many before it`, source, at)
    return decimal
  }
  const value = text.length > 24 ? WORD_MAX + 1n : BigInt(text)
  if (value > WORD_MAX) throw new ExpressionError(`this number has more than 64 bits`, source, at)
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

/** Cuts an expression into tokens, the last of which is its end. @throws ExpressionError */
export function tokensOf(source: string): Token[] {
  if (source.length > EXPRESSION_CHARS_MAX) {
    throw new ExpressionError(
      `an expression has at most ${EXPRESSION_CHARS_MAX} characters, this one has ${source.length}`,
      source,
      EXPRESSION_CHARS_MAX,
    )
  }
  const tokens: Token[] = []
  for (let at = 0; at < source.length;) {
    const blank = match(BLANK, source, at)
    if (blank !== null) {
      at += blank[0].length
      continue
    }
    const { token, length } = tokenAt(source, at)
    tokens.push(token)
    at += length
  }
  tokens.push({ kind: 'end', at: source.length })
  return tokens
}

function tokenAt(source: string, at: number): { token: Token; length: number } {
  const number = match(NUMBER, source, at)
  if (number !== null) {
    const word = match(WORD, source, at)![0]
    if (word.length > number[0].length) throw new ExpressionError(`"${word}" is not a number; names begin with a letter`, source, at)
    return { token: { kind: 'number', value: numberOf(number[0], source, at), at }, length: number[0].length }
  }
  const name = match(NAME, source, at)
  if (name !== null) return { token: { kind: 'name', name: name[0], at }, length: name[0].length }
  const text = match(TEXT, source, at)
  if (text !== null) {
    const raw = text[1] ?? text[2]!
    return { token: { kind: 'text', value: raw.replaceAll(/\\(.)/gs, '$1'), raw, at }, length: text[0].length }
  }
  if (source[at] === '"' || source[at] === "'") throw new ExpressionError(`this text has no end: a ${source[at]} is missing`, source, at)
  const sign = match(SIGN, source, at)
  // A single = is what most people mean by it.
  if (sign !== null) return { token: { kind: 'sign', sign: (sign[0] === '=' ? '==' : sign[0]) as Sign, at }, length: sign[0].length }
  const char = String.fromCodePoint(source.codePointAt(at)!)
  throw new ExpressionError(`"${char}" means nothing here`, source, at)
}
