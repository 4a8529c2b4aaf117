/** Scenarios whose programs never come back, and those who end them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, Scratch } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

/** A module with a task `mine` beside one that has steps; the program says that it has begun. */
const programmed = (name: string, body: string): string =>
  scratch.write(
    name,
    `export const scenario = {
      name: 'mine', says: 'A program.',
      namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', mode: 'raw', bound: false }],
      tasks: [
        { comm: 'other', pid: 2, steps: [{ do: 'sleep', for: '1ms' }] },
        { comm: 'looping', pid: 7, *program(machine) { yield null; process.stderr.write('begun\\n'); ${body} } },
      ],
    }`,
  )

/** What is left in the folder of a log that was not written. */
const left = (log: string): string[] => readdirSync(scratch.folder).filter((name) => name.startsWith(log))

describe.concurrent('a program that never comes back', () => {
  test('is ended, and told with its scenario and its task; nothing is left', async () => {
    const file = programmed('loop.mjs', 'try { for (;;); } finally { process.stderr.write("finally") }')
    const { code, out, err } = await scratch.run(['simulate', file, '-o', scratch.path('loop.log')])
    expect([code, out]).toEqual([3, ''])
    expect(err).toBe(
      'begun\ndevtrail: scenario mine, task looping: its program did not come back for 5 s: a loop without an end? One that waits for others pauses with "yield null"\n',
    )
    expect(left('loop.log')).toEqual([])
  })

  test('on Ctrl-C it is over at once, and nothing is left', async () => {
    const file = programmed('interrupted.mjs', 'for (;;) machine.bind("namespace0.0")')
    const args = [BIN, 'simulate', file, '-o', scratch.path('interrupted.log')]
    const child = spawn(process.execPath, args, { ...scratch.spawnOptions(), stdio: ['ignore', 'pipe', 'pipe'] })
    await once(child.stderr!, 'data')
    const before = performance.now()
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(130)
    expect(performance.now() - before).toBeLessThan(4000)
    expect(left('interrupted.log')).toEqual([])
  })

  test.each([
    ['loops.ts', 'export const n: number = 1\nfor (;;);', 'cannot be run: did not come back for 5 s'],
    ['awaits.mjs', 'await new Promise(() => {})', 'cannot be run: its await at the top did not end within 5 s'],
    ['gets.mjs', 'export const scenario = { get name() { for (;;); } }', 'what reads its scenario did not come back for 5 s'],
  ])('nor does the module itself: %s', async (name, source, says) => {
    const file = scratch.write(name, source)
    const log = scratch.path(`${name}.log`)
    const { code, err } = await scratch.run(['simulate', file, '-o', log])
    expect([code, err]).toEqual([3, expect.stringContaining(says)])
    expect(existsSync(log)).toBe(false)
  })
})

test('a module with an await at its top is run all the same, and one of CommonJS', async () => {
  const whole = 'scenario = { name: "late", says: "Nothing.", tasks: [{ comm: "a", pid: 1, *program() { yield null } }] }'
  for (const [name, source] of [
    ['late.mjs', `await null\nexport const ${whole}`],
    ['common.js', `exports.${whole}`],
  ] as const) {
    const { scenario } = await scratch.json(['simulate', scratch.write(name, source), '-o', scratch.path(`${name}.log`)])
    expect(scenario).toBe('late')
  }
})
