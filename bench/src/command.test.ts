import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { benchCommand } from './command.ts'

const FIGURE = { name: 'box/open vs lid', ours: 2, peer: 6, unit: 'ns/box', ratio: 3, goal: 4 }
const BOX = `export const benches = [{
  name: 'box/open', about: 'opening', peers: [{ name: 'lid', goal: 4 }],
  measure: async (peers, { rounds }) => [{ ...${JSON.stringify(FIGURE)}, rounds }],
}]`
const JAR = `export const benches = [{
  name: 'jar/open', about: 'opening', peers: [{ name: 'teeth' }],
  measure: async () => { throw new Error('it hurts') },
}]`

describe('pnpm bench', () => {
  let root: string
  let said: { out: string; err: string }
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'devtrail-bench-command-'))
    said = { out: '', err: '' }
    for (const [file, text] of Object.entries({ 'packages/box/bench/open.bench.ts': BOX, 'apps/jar/bench/open.bench.ts': JAR })) {
      mkdirSync(join(root, file, '..'), { recursive: true })
      writeFileSync(join(root, file), text)
    }
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const bench = (...args: string[]): Promise<number> =>
    benchCommand(root, args, { out: (text) => (said.out += text), err: (text) => (said.err += text) })

  it('prints the figures of the packages’ benches and writes them as JSON; a missed goal is no failure', async () => {
    const file = join(root, 'figures.json')
    expect(await bench('box', '--rounds', '5', '--json', file)).toBe(0)
    expect(said.out).toMatch(/^box\/open: opening\n.*\n {2}vs lid .* 3\.00 .* missed\n/)
    expect(said.out).toContain('0 of 1 goal met; missed: box/open vs lid')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([{ ...FIGURE, rounds: 5 }])
  })

  it('has nothing but JSON on stdout with --json -', async () => {
    expect(await bench('box', '--json', '-')).toBe(0)
    expect(JSON.parse(said.out)).toEqual([{ ...FIGURE, rounds: 11 }])
    expect(said.err).toContain('vs lid')
  })

  it('goes on after a bench that fails, and fails', async () => {
    expect(await bench()).toBe(1)
    expect(said.err).toContain('jar/open: it hurts')
    expect(said.out).toContain('vs lid')
  })

  it('refuses wrong usage before anything runs or is written', async () => {
    const file = join(root, 'figures.json')
    for (const args of [['--rounds', '0'], ['--rounds', 'x'], ['--fast'], ['key']]) expect(await bench('--json', file, ...args)).toBe(2)
    expect(said.err).toContain('usage: pnpm bench')
    expect(said.err).toContain('no bench has "key" in its name')
    expect([said.out, existsSync(file)]).toEqual(['', false])
  })

  it('a file that cannot be written is told before the time is spent', async () => {
    await expect(bench('--json', join(root, 'no/such/folder.json'))).rejects.toThrow('ENOENT')
    expect(said).toEqual({ out: '', err: '' })
  })
})
