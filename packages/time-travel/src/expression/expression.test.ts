import { describe, expect, it, test } from 'vitest'
import fc from 'fast-check'
import { Decimal } from './decimal.ts'
import { ExpressionError } from './error.ts'
import { evaluate, type Scope } from './evaluate.ts'
import { found } from './found.ts'
import { countOf, lookUp, type Lists } from './look-up.ts'
import { EXPRESSION_DEPTH_MAX, parseExpression, parsePath } from './parse.ts'
import { pathText, type Path } from './syntax.ts'
import { EXPRESSION_CHARS_MAX } from './tokens.ts'

const lists: Lists = new Map([
  ['maps', { by: ['ranges.start', 'id'] }],
  ['ranges', { by: ['start'] }],
  ['pages', { by: ['pfn'], span: 'pages' }],
  ['counters', { by: [] }],
  ['all', { by: ['id'] }],
  ['nodes', { by: ['node', 'name'] }],
  ['doubted', { by: ['node', 'name'] }],
])

const state = {
  driver: { name: 'nd_pmem', state: 'bound' },
  altmap: false,
  queue: null,
  frozen: { atLeast: 1, atMost: null },
  some: { atLeast: 2, atMost: 5 },
  raw: '0x8000000000000001',
  since: '9.396738',
  zero: 0,
  counters: [4, 5],
  maps: {
    known: [
      {
        id: '0xff01',
        ranges: [{ start: '0x100000000', end: '0x13fffffff' }],
        ref: { dying: true, count: 1 },
        pages: { known: [{ pfn: '0x109300', pages: 16, refcount: 2 }], complete: true },
      },
    ],
    possible: [{ id: '0xff02', ranges: null, ref: { dying: false, count: null } }],
    complete: false,
  },
  all: { known: [{ id: '0x1' }], complete: true },
  // Of the second it is not told yet where it starts.
  nodes: {
    known: [
      { node: '0x10', name: 'a' },
      { node: null, name: 'b' },
    ],
    complete: true,
  },
  doubted: { known: [{ node: '0x10', name: 'a' }], possible: [{ node: null, name: 'b' }], complete: true },
}

const scope: Scope = {
  find: ({ steps: [first, ...rest] }: Path) =>
    lookUp(found(Object.hasOwn(state, first.name) ? (state as Record<string, unknown>)[first.name] : null), first.name, rest, lists),
  count: (path) => countOf(scope.find(path), path.steps.findLast((s) => s.kind === 'field')!.name, lists),
}
const nested = (n: number): string => `${'('.repeat(n)}true${')'.repeat(n)}`
const long = (n: number): string => `true${' '.repeat(n - 4)}`
const truth = (source: string) => evaluate(parseExpression(source), scope)

describe('what is true of a state', () => {
  test.each([
    ['driver.state == "bound"', true],
    ["driver.state = 'bound' and driver.name != 'kmem'", true],
    ['driver.state in ["bound", "probing"]', true],
    ['driver.name ~ "nd_*"', true],
    ['driver.name ~ "*p*e*"', true],
    ['driver.name ~ "\\\\*"', false],
    ['driver.name ~ "\\\\*" || driver.name ~ "nd\\_*"', true],
    ['driver.name ~ "*pmem*pmem"', false],
    ['maps[0x100000000].ref.dying', true],
    ['maps["0xff01"].ref.dying', true],
    ['maps[4294967296].ref.count == 1', true],
    ['!maps[0x100000000].ref.dying', false],
    ['not not maps[0x100000000].ref.dying', true],
    // Not in the list, which is not complete.
    ['maps[0x200000000].ref.dying', null],
    ['maps[0x200000000]', null],
    // There perhaps: then it is not dying, else it is nothing.
    ['maps[0xff02].ref.dying', false],
    ['maps[0xff02].ref.dying == false', null],
    ['maps[0xff02].sure', false],
    ['maps[0x100000000].sure', true],
    ['all[0x1]', true],
    ['all[0x2]', false],
    ['all[0x2] == 3', false],
    ['all[0x2].id != 3', true],
    ['maps[0x100000000].pages[0x10930f].refcount == 2', true],
    ['maps[0x100000000].pages[0x109310]', false],
    ['count(maps[0x100000000].pages) == 16', true],
    ['count(maps) >= 1', true],
    ['count(maps) > 1', null],
    ['count(all) == 1', true],
    ['nodes[0x10]', true],
    ['nodes[0x20]', null],
    ['nodes["0x20"]', null],
    ['nodes["b"]', true],
    ['nodes["c"]', false],
    ['doubted[0x10]', true],
    ['doubted[0x20]', null],
    ['doubted["c"]', false],
    ['count(counters) == 2', true],
    ['counters[1] == 5', true],
    ['counters[2] == 5', false],
    ['altmap == false', true],
    ['altmap', false],
    ['altmap.free > 3', false],
    ['queue.frozen == 1', null],
    ['queue == null', true],
    ['queue != null', false],
    ['driver == null', false],
    ['frozen == null', false],
    ['frozen >= 1', true],
    ['frozen > 0', true],
    ['frozen > 1', null],
    ['frozen < 1', false],
    ['frozen == 0', false],
    ['some > 5', false],
    ['some <= 5', true],
    ['some == 5', null],
    ['some != 6', true],
    ['some != 3', null],
    ['frozen', true],
    ['zero', false],
    ['driver', true],
    ['raw == 0x8000000000000001', true],
    ['raw == 0x8000000000000002', false],
    ['raw > 9223372036854775807', true],
    ['raw == 9223372036854775809', true],
    ['since > 9.3', true],
    ['since == 9.396738', true],
    ['since < 10', true],
    ['driver.state == 3', false],
    ['driver.state < 3', null],
    ['driver.state < "c"', true],
    ['queue.frozen == 1 || driver.state == "bound"', true],
    ['queue.frozen == 1 && driver.state == "bound"', null],
    ['queue.frozen == 1 && driver.state == "unbound"', false],
    ['true and not false', true],
    ['-1 < 0 and -2.5 < -2', true],
    ['__proto__.constructor', null],
    ['driver.constructor == null', true],
    ['driver.__proto__', null],
  ] as const)('%s is %s', (source, expected) => {
    expect(truth(source)).toBe(expected)
  })

  it('and binds tighter than or, and brackets bind tightest', () => {
    expect(truth('true or true and false')).toBe(true)
    expect(truth('(true or true) and false')).toBe(false)
  })
})

describe('errors point at the character', () => {
  test.each([
    ['driver.state ==', 15, 'a value is expected where the expression ends'],
    ['driver..state', 7, "a field's name is expected where . stands"],
    ['driver.state == "bound', 16, 'no end'],
    ['(driver.state', 13, 'a ) is expected where the expression ends'],
    ['driver.state == 1 == 2', 18, 'do not chain'],
    ['driver.state 3', 13, '&&, || or the end is expected where 3 stands'],
    ['a == 0x10000000000000000', 5, 'more than 64 bits'],
    ['a == 18446744073709551616', 5, 'more than 64 bits'],
    ['a == -0x8000000000000001', 6, 'more than 64 bits'],
    ['a == 12ab', 5, '"12ab" is not a number'],
    ['a == 9.3967380001', 5, 'more than nine digits behind the point'],
    ['a[1.5]', 2, 'a whole number or a text'],
    ['a[b]', 2, 'a key'],
    ['a # b', 2, '"#" means nothing here'],
    ['evil("x")', 0, 'there is no function "evil"'],
    ['device(3).a', 7, "a device's name in quotes"],
    ['device("x")', 11, 'a . is expected'],
    ['a ~ 3', 4, 'a text in quotes'],
    ['', 0, 'a value is expected'],
    ['a == 😀', 5, '"😀" means nothing here'],
  ])('%s', (source, at, problem) => {
    const error = (() => {
      try {
        parseExpression(source)
      } catch (e) {
        return e
      }
      return null
    })()
    expect(error).toBeInstanceOf(ExpressionError)
    expect((error as ExpressionError).problem).toContain(problem)
    expect((error as ExpressionError).at).toBe(at)
    const [, line, mark] = (error as ExpressionError).message.split('\n')
    expect(line).toBe(`  ${source}`)
    expect(mark).toBe(`  ${' '.repeat(at)}^`)
  })

  it('of a long expression only what is around', () => {
    const source = `${'a && '.repeat(100)}#`
    expect(() => parseExpression(source)).toThrow(/\n {2}….*#\n {2} +\^$/)
  })
})

const outcome = (source: string): unknown => {
  try {
    return truth(source)
  } catch (error) {
    return error instanceof ExpressionError ? null : error
  }
}

describe('hostile input', () => {
  it('nests so deep and no deeper', () => {
    expect(truth(nested(EXPRESSION_DEPTH_MAX - 1))).toBe(true)
    expect(() => parseExpression(nested(EXPRESSION_DEPTH_MAX))).toThrow('nests deeper than 64 levels')
    expect(() => parseExpression('('.repeat(EXPRESSION_CHARS_MAX))).toThrow(ExpressionError)
  })

  it('is as long and no longer', () => {
    expect(truth(long(EXPRESSION_CHARS_MAX))).toBe(true)
    expect(() => parseExpression(long(EXPRESSION_CHARS_MAX + 1))).toThrow('at most 4096 characters')
    expect(truth(`${'!'.repeat(4000)}true`)).toBe(true)
  })

  it('is never anything but an ExpressionError, whatever the characters', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '[',
      ']',
      '(',
      ')',
      '"',
      "'",
      '0x1',
      '9.5',
      '==',
      '~',
      '-',
      '!',
      '&&',
      'in',
      'count',
      'device',
      ' ',
      '\\',
      ',',
      '𝒳',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((p) => p.join('')),
        ),
        (source) => {
          expect([true, false, null]).toContain(outcome(source))
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('paths', () => {
  test.each(['driver.state', 'maps[0x100000000].ref.dying', 'device("pfn0.0").maps["a\\"b"].x', 'counters[3]', 'a[0xffffffffffffffff]'])(
    '%s reads back',
    (source) => {
      expect(pathText(parsePath(source))).toBe(source)
    },
  )
})

const bound = fc
  .record({ atLeast: fc.nat(6), more: fc.option(fc.nat(6)) })
  .map(({ atLeast, more }) => ({ atLeast, atMost: more === null ? null : atLeast + more }))
const known = fc.oneof(fc.nat(8), bound, fc.constant(null))
const ops = ['==', '!=', '<', '<=', '>', '>='] as const

/** Every number from 0 to 15 that a value may be. */
function within(value: unknown): number[] {
  const all = Array.from({ length: 16 }, (_, i) => i)
  if (typeof value === 'number') return [value]
  if (value === null) return all
  const { atLeast, atMost } = value as { atLeast: number; atMost: number | null }
  return all.filter((n) => n >= atLeast && n <= (atMost ?? 15))
}

const holdsOf = (op: string, a: number, b: number): boolean =>
  ({ '==': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b })[op]!

test('three-valued logic says just what is so of every value within the bounds', () => {
  fc.assert(
    fc.property(known, known, fc.constantFrom(...ops), (a, b, op) => {
      const of: Scope = { find: ({ steps: [{ name }] }) => found(name === 'a' ? a : b), count: () => found(null) }
      const said = evaluate(parseExpression(`a ${op} b`), of)
      const cases = [...new Set(within(a).flatMap((x) => within(b).map((y) => holdsOf(op, x, y))))]
      // Of what is not known at all it says nothing, though 0 ≤ x may be so of every x.
      const expected = cases.length === 1 && a !== null && b !== null ? cases[0] : null
      expect(said).toBe(expected)
    }),
    { numRuns: 2000 },
  )
})

test('decimals are exact', () => {
  expect(Decimal.parse('9.396738')!.nanos).toBe(9396738000n)
  expect(Decimal.parse('-0.5')!.nanos).toBe(-500000000n)
  expect(Decimal.parse('1.0000000001')).toBeNull()
})

const isLike = (text: string, pattern: string): unknown => truth(`${JSON.stringify(text)} ~ "${pattern}"`)

it('a star behind a backslash stands for itself', () => {
  expect(['a*b', 'axb', 'a'].map((text) => isLike(text, String.raw`a\*b`))).toEqual([true, false, false])
  expect(['a\\x', 'a*', 'ax'].map((text) => isLike(text, String.raw`a\\*`))).toEqual([true, false, false])
})

it('a name that several elements have is not taken for the first', () => {
  const twice = { known: [1, 2].map((n) => ({ node: `0x${n}0`, name: 'a' })), complete: true }
  const at = (key: string): unknown => lookUp(found(twice), 'nodes', [{ kind: 'key', key, at: 0 }], lists)
  expect(() => at('a')).toThrow('this means several; name one of them by 0x10, 0x20')
  expect(at('0x20')).toMatchObject({ value: { node: '0x20' } })
})
