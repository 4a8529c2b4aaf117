/** No field of an entry goes unread: changing any of them changes the events, or the kept entries of those without effect. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imported, names, traceLines } from './recorded.test-support.ts'

const RUNS = Number(process.env['MUTATION_RUNS'] ?? 40)
const SMALL = names.filter(
  (name) => !['fsdax-gup-stress', 'lab-two-regions-devdax', 'fsdax-truncate-hang', 'lab-hang2', 'lab-tail-gup'].includes(name),
)

/** One token of a line that can be changed so that the line is still an entry: where it stands, and what takes its place. */
interface Change {
  readonly what: string
  readonly from: number
  readonly to: number
  readonly by: string
}

const flipDigit = (s: string): string => s.replace(/[0-9a-f](?=[^0-9a-f]*$)/, (d) => (d === '1' ? '2' : '1'))

/** Every field of an entry: those of its head, and each value of its body. */
function changes(line: string): Change[] {
  const head = /^ *(.{0,64}?)-(\d+) +\[(\d{3})\] +([^\s]{5}) +(\d+\.\d{6}): ([^\s:]+): /.exec(line)
  if (head === null) return []
  const found: Change[] = []
  const add = (what: string, from: number, text: string, by: string): void => {
    if (text !== by) found.push({ what, from, to: from + text.length, by })
  }
  let at = head[0].indexOf(head[1]!)
  add('comm', at, head[1]!, `${head[1]!.slice(0, 14)}x`)
  at = line.indexOf(`-${head[2]!}`, at + head[1]!.length) + 1
  add('pid', at, head[2]!, String(Number(head[2]) + 4000))
  at = line.indexOf(`[${head[3]!}]`, at) + 1
  add('cpu', at, head[3]!, '007')
  at = line.indexOf(head[4]!, at + 4)
  add('context', at, head[4]!, head[4] === '....3' ? '....2' : '....3')
  at = line.indexOf(head[5]!, at + 5)
  add('time', at, head[5]!, `${head[5]!.slice(0, -1)}${head[5]!.endsWith('5') ? '4' : '5'}`)
  at = line.indexOf(`${head[6]!}: `, at)
  add('event', at, head[6]!, `${head[6]!}_other`)
  const body = head[0].length
  for (const m of line.slice(body).matchAll(/([A-Za-z_]\w*)=("[^"]*"|-?(?:0x)?[0-9a-f]+)/g)) {
    const value = m[2]!
    const by = value.startsWith('"') ? `"${value.slice(1, -1)}9"` : flipDigit(value)
    add(`${head[6]!}.${m[1]!}`, body + m.index + m[1]!.length + 1, value, by)
  }
  const devres = /^(\S+) (ADD|REM|REL) ([0-9a-f]+) (\S+) \((\d+) bytes\)/.exec(line.slice(body))
  if (head[6] === 'devres_log' && devres !== null) {
    let p = body
    for (const [what, text, by] of [
      ['devname', devres[1]!, `${devres[1]!}9`],
      ['op', devres[2]!, devres[2] === 'REM' ? 'REL' : 'REM'],
      ['node', devres[3]!, flipDigit(devres[3]!)],
      ['name', devres[4]!, `${devres[4]!}x`],
      ['size', devres[5]!, flipDigit(devres[5]!)],
    ] as const) {
      p = line.indexOf(text, p)
      add(`devres_log.${what}`, p, text, by)
      p += text.length
    }
  }
  if (head[6] === 'console' || head[6] === 'tracing_mark_write') add(`${head[6]}.text`, body, line.slice(body), `${line.slice(body)}~`)
  const where = /^\(([^)]*)\)/.exec(line.slice(body))
  if (where !== null) add('where', body, where[0], where[0].replace('+0x', '+0x1'))
  return found
}

const print = (v: unknown): string => JSON.stringify(v, (_, x: unknown) => (typeof x === 'bigint' ? `${x}n` : x))

describe.each(SMALL)('%s', (name) => {
  it('changes with every field of every entry', async () => {
    const lines = traceLines(name)
    const candidates = lines.flatMap((line, i) => changes(line).map((change) => ({ i, ...change })))
    const whole = await imported(name)
    const before = print([whole.events, whole.kept])
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...candidates), async ({ i, from, to, by, what }) => {
        const changed = [...lines]
        changed[i] = lines[i]!.slice(0, from) + by + lines[i]!.slice(to)
        const { events, kept } = await imported(name, changed)
        expect(print([events, kept]) === before, `${what} of: ${lines[i]!.trim()}`).toBe(false)
      }),
      { numRuns: RUNS },
    )
  }, 120_000)
})
